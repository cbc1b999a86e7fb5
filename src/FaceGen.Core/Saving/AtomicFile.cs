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
    /// <inheritdoc cref="Write(string, ArraySegment{byte}, bool)"/>
    internal static void Write(string path, byte[] content, bool replace) => Write(path, new ArraySegment<byte>(content), replace);

    /// <summary>Writes the file; the folder is made where it is not there.</summary>
    /// <exception cref="FaceGenException">There is such a file already, or it could not be written.</exception>
    internal static void Write(string path, ArraySegment<byte> content, bool replace)
    {
        string folder = Path.GetDirectoryName(path)!;
        string temporary = Path.Combine(folder, $".{Guid.NewGuid():N}.part");
        try
        {
            if (!replace && File.Exists(path)) throw Exists(path);

            Folder.Create(folder);
            try
            {
                using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
                {
                    file.Write(content.Array!, content.Offset, content.Count);
                    file.Flush(flushToDisk: true);
                }

                Rename(temporary, path, replace);
            }
            finally
            {
                // After the rename there is nothing left here by that name.
                File.Delete(temporary);
            }

            Folder.Flush(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            if (!replace && e is IOException && File.Exists(path)) throw Exists(path);
            throw new FaceGenException(ErrorCode.FileNotWritten, $"'{path}' could not be written: {e.Message}", e);
        }
    }

    private static void Rename(string temporary, string path, bool replace)
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
