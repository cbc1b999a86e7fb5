using System.Runtime.InteropServices;

namespace FaceGen.Contract;

/// <summary>
/// Reads the path of a file as people and other programs write it, on whichever way it comes in: with the separators of
/// another system, as a file URI, or as PowerShell names it.
/// </summary>
internal static class FilePathParser
{
    private const string ProviderPrefix = "FileSystem::";

    /// <summary>A longer text is not a path on any system.</summary>
    private const int MaxLength = 4096;

    private static bool IsWindows => RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>Returns the full path that a text means.</summary>
    /// <param name="text">The text.</param>
    /// <param name="resolvePath">Makes a full path of a relative one.</param>
    /// <exception cref="FaceGenException">It is not a path, or one of another system.</exception>
    internal static string Resolve(string text, Func<string, string> resolvePath)
    {
        if (text.Length > MaxLength) throw CreateError(text, "is not a link, not base64 of an image, and too long for the path of a file");

        if (text.StartsWith("file:", StringComparison.OrdinalIgnoreCase)) text = ParseFileUri(text);
        else if (text.Contains("://")) throw CreateError(text, "is not an http or https link, and not the path of a file");

        // Such as Get-ChildItem's PSPath: Microsoft.PowerShell.Core\FileSystem::C:\faces\a.jpg
        if (text.IndexOf(ProviderPrefix, StringComparison.OrdinalIgnoreCase) is var prefix and >= 0) text = text.Substring(prefix + ProviderPrefix.Length);
        if (IsWindows) return resolvePath(text);

        bool hasDrive = text.Length > 2 && text[1] == ':' && text[0] is (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') && text[2] is '\\' or '/';
        if (hasDrive || text.StartsWith(@"\\", StringComparison.Ordinal)) return ResolveWindowsPath(text, resolvePath);

        // A name may hold a backslash here; a path that was written on Windows has it for a separator.
        string full = resolvePath(text);
        return text.IndexOf('\\') < 0 || File.Exists(full) ? full : resolvePath(text.Replace('\\', '/'));
    }

    private static string ParseFileUri(string text)
    {
        // Java writes a local file with one slash.
        if (text.StartsWith("file:/", StringComparison.OrdinalIgnoreCase) && !text.StartsWith("file://", StringComparison.OrdinalIgnoreCase))
            text = text.Insert("file:".Length, "//");
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || !uri.IsFile) throw CreateError(text, "is not a valid file URI: write it like file:///faces/a.jpg");
        if (uri.IsUnc && !uri.IsLoopback && !IsWindows) throw CreateError(text, "is a network path of Windows, which this computer cannot open. Copy the file here, and give its path");

        // A local one with the host's name has become a network path.
        return uri.IsUnc && uri.IsLoopback ? Uri.UnescapeDataString(uri.AbsolutePath) : uri.LocalPath;
    }

    /// <summary>A drive may exist in PowerShell on any system; if the file does not, the path is one of another computer.</summary>
    private static string ResolveWindowsPath(string text, Func<string, string> resolvePath)
    {
        string? full = null;
        FaceGenException? fault = null;
        try
        {
            full = resolvePath(text);
        }
        catch (FaceGenException e)
        {
            fault = e;
        }

        return full is not null && File.Exists(full) ? full
            : throw CreateError(text, "is a path of Windows, which this computer does not have. Copy the file here, and give its path, or one relative to the request file's folder", fault);
    }

    private static FaceGenException CreateError(string text, string reason, Exception? inner = null) =>
        new(ErrorCode.FaceImageInvalid, $"'{InvisibleCharacters.Escape(text, 200)}' {reason}.", inner);
}
