using System.Runtime.InteropServices;

namespace FaceGen.Contract;

/// <summary>
/// Parses the path of a file: with the separators of any operating system, as a file URI, or as a PowerShell provider path.
/// </summary>
internal static class FilePathParser
{
    private const string ProviderPrefix = "FileSystem::";

    /// <summary>The maximum length of a path on any operating system, in characters.</summary>
    private const int MaxLength = 4096;

    private const string UseOther = "Use a link, base64, or the path of a file.";

    private static bool IsWindows => RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>Returns the full path of a file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="resolvePath">Returns the full path of a relative one.</param>
    /// <exception cref="FaceGenException">The text is not a path, or a path of another machine.</exception>
    internal static string Resolve(string text, Func<string, string> resolvePath)
    {
        if (text.Length > MaxLength) throw CreateError(text, "is not a link, not base64 of an image, and too long for a path", UseOther);

        if (text.StartsWith("file:", StringComparison.OrdinalIgnoreCase)) text = ParseFileUri(text);
        else if (text.Contains("://")) throw CreateError(text, "is not an http or https link and not a path", UseOther);

        // Get-ChildItem's PSPath is such as Microsoft.PowerShell.Core\FileSystem::C:\faces\a.jpg
        if (text.IndexOf(ProviderPrefix, StringComparison.OrdinalIgnoreCase) is var prefix and >= 0) text = text.Substring(prefix + ProviderPrefix.Length);
        if (IsWindows) return resolvePath(text);

        bool hasDrive = text.Length > 2 && text[1] == ':' && text[0] is (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') && text[2] is '\\' or '/';
        if (hasDrive || text.StartsWith(@"\\", StringComparison.Ordinal)) return ResolveWindowsPath(text, resolvePath);

        // A backslash can be part of a name on this system, or the separator of a path from Windows.
        string full = resolvePath(text);
        return text.IndexOf('\\') < 0 || File.Exists(full) ? full : resolvePath(text.Replace('\\', '/'));
    }

    private static string ParseFileUri(string text)
    {
        // Java writes file:/ with one slash.
        if (text.StartsWith("file:/", StringComparison.OrdinalIgnoreCase) && !text.StartsWith("file://", StringComparison.OrdinalIgnoreCase))
            text = text.Insert("file:".Length, "//");
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || !uri.IsFile) throw CreateError(text, "is not a valid file URI", "Use a URI such as file:///faces/a.jpg.");
        if (uri.IsUnc && !uri.IsLoopback && !IsWindows) throw CreateError(text, "is a Windows network path, which this machine cannot open", "Copy the file to this machine and use its path.");

        // .NET makes a network path of a URI with the name localhost.
        return uri.IsUnc && uri.IsLoopback ? new Uri("file://" + uri.AbsolutePath).LocalPath : uri.LocalPath;
    }

    /// <summary>Resolves a path with a drive, which can be a PowerShell drive on any system. If the file does not exist, the path is from another machine.</summary>
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
            : throw CreateError(text, "is a Windows path that does not exist on this machine",
                "Copy the file to this machine and use its path, absolute or relative to the request file's folder.", fault);
    }

    private static FaceGenException CreateError(string text, string reason, string remedy, Exception? inner = null) =>
        new(ErrorCode.FaceImageInvalid, $"'{InvisibleCharacters.Escape(text, 200)}' {reason}. Nothing was sent. {remedy}", inner);
}
