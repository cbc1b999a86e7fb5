#if !NETSTANDARD
using System.Runtime.InteropServices;
#endif

namespace FaceGen.Saving;

/// <summary>
/// Folders whose entries survive a loss of power. Outside Windows a file that was flushed is on the disk, but its name is
/// there only when the folder was flushed too.
/// </summary>
internal static class Folder
{
    /// <summary>Makes a folder, and those above it, where it is not there.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor may it be.</exception>
    internal static void Create(string path)
    {
        if (Directory.Exists(path)) return;

        string? above = Path.GetDirectoryName(path);
        if (above is not null) Create(above);
        Directory.CreateDirectory(path);
        if (above is not null) Flush(above);
    }

    /// <summary>Puts the names in a folder on the disk; a file system that cannot is left to its own ways.</summary>
    internal static void Flush(string path)
    {
#if !NETSTANDARD
        if (OperatingSystem.IsWindows()) return;

        int folder = Open(path, ReadOnly);
        if (folder < 0) return;

        _ = Synchronize(folder);
        _ = Close(folder);
#endif
    }

#if !NETSTANDARD
    private const int ReadOnly = 0;

    [DllImport("libc", EntryPoint = "open", BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    private static extern int Synchronize(int file);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int file);
#endif
}
