using System.Runtime.InteropServices;
using System.Text;

namespace FaceGen.Saving;

/// <summary>The length of paths, in the unit in which the system limits them: characters on Windows, bytes elsewhere.</summary>
internal static class PathLength
{
    private const int MaxWindows = 32_766, MaxWindowsWithoutLongPaths = 259, MaxMac = 1023, MaxLinux = 4095;

    private static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    private static readonly int SystemMax =
        !IsWindows ? RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? MaxMac : MaxLinux
        : HasLongPaths() ? MaxWindows
        : MaxWindowsWithoutLongPaths;

    /// <summary>Gets the name of the unit.</summary>
    internal static string Unit => IsWindows ? "characters" : "bytes";

    /// <summary>Returns the maximum length of a path on this machine.</summary>
    internal static int GetMax(string path) => path.StartsWith(@"\\?\", StringComparison.Ordinal) ? MaxWindows : SystemMax;

    /// <summary>Returns the length of a path.</summary>
    internal static int Measure(string path) => IsWindows ? path.Length : Encoding.UTF8.GetByteCount(path);

    /// <summary>Returns the length of the longest path that is used to write a file in a folder under a temporary name.</summary>
    internal static int MeasureTemporary(string folder) => Measure(folder) + 1 + PartFileName.MaxLength;

    /// <summary>Returns the error of a request whose files would have a path that is too long; null if there is none.</summary>
    /// <param name="options">Where and how the images are saved.</param>
    /// <param name="request">The request, which need not be submitted yet.</param>
    /// <param name="max">The maximum length of a path; null for that of this machine.</param>
    internal static FaceGenException? FindError(SaveOptions options, Request request, int? max = null)
    {
        int limit = max ?? GetMax(options.Folder);
        int extension = ".webp".Length + (options.Sidecar ? Sidecar.Extension.Length : 0);
        // Most folders leave room for any name.
        if (MeasureTemporary(options.Folder) + 1 + options.Name.MaxLength + extension <= limit) return null;

        string path = Path.Combine(options.Folder, options.Name.ExpandLongest(request));
        int length = Math.Max(Measure(path) + extension, MeasureTemporary(Path.GetDirectoryName(path)!));
        return length <= limit ? null : new FaceGenException(
            ErrorCode.FileNameInvalid,
            $"{(request.Source is { } source ? $"{source}: " : "")}The path '{path}' is too long: with its extension and while it is written it has up to {length} {Unit}, and this machine allows {limit}. Give a shorter -Name, or a folder with a shorter path.");
    }

    /// <summary>True if this process may use paths of more than 259 characters on Windows.</summary>
    private static bool HasLongPaths()
    {
#if NETSTANDARD
        try
        {
            return AreLongPathsEnabled() != 0;
        }
        catch (EntryPointNotFoundException)
        {
            // Windows before 10, version 1607.
            return false;
        }
#else
        // .NET itself writes such paths in the form that Windows always accepts.
        return true;
#endif
    }

#if NETSTANDARD
    [DllImport("ntdll", EntryPoint = "RtlAreLongPathsEnabled", ExactSpelling = true)]
    private static extern byte AreLongPathsEnabled();
#endif
}
