#if !NETSTANDARD
using System.Runtime.InteropServices;
#endif
using FaceGen.Contract;

namespace FaceGen.Saving;

/// <summary>
/// Writes a file whole or not at all: to a temporary file beside it, flushed to the disk, then renamed. Whoever sees
/// the final name sees the complete file, also after a crash.
/// </summary>
internal static class AtomicFile
{
    /// <inheritdoc cref="Write(string, IEnumerable{ArraySegment{byte}}, bool)"/>
    internal static void Write(string path, byte[] content, bool replace) => Write(path, [new ArraySegment<byte>(content)], replace);

    /// <summary>Writes the file, part after part; the folder is made where it is not there.</summary>
    /// <exception cref="FaceGenException">There is such a file already, or it could not be written.</exception>
    internal static void Write(string path, IEnumerable<ArraySegment<byte>> content, bool replace)
    {
        using var file = new PartFile(path, replace);
        foreach (ArraySegment<byte> part in content) file.Write(stream => stream.Write(part.Array!, part.Offset, part.Count));
        file.Commit();
    }

    internal static void Rename(string temporary, string path, bool replace)
    {
#if NETSTANDARD
        if (replace && File.Exists(path)) File.Replace(temporary, path, null);
        else File.Move(temporary, path);
#else
        // Outside Windows a move looks for the file and then replaces it: one that came in between would be lost. A
        // link is made only where there is none; where the file system has no links, the move has to do.
        if (!replace && !OperatingSystem.IsWindows() && Link(temporary, path) == 0) return;

        File.Move(temporary, path, replace);
#endif
    }

#if !NETSTANDARD
    [DllImport("libc", EntryPoint = "link", BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Link(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);
#endif

    internal static FaceGenException Exists(string path) =>
        new(ErrorCode.FileExists, $"'{path}' is there already.");
}
