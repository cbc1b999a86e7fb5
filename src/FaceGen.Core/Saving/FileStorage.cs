using System.Collections.Concurrent;
#if !NETSTANDARD
using System.Runtime.InteropServices;
#endif

namespace FaceGen.Saving;

/// <summary>
/// Performs the file operations that save images. Outside Windows, flushing a file puts its content on the disk, and flushing
/// its folder puts its name there.
/// </summary>
internal class FileStorage
{
    /// <summary>Gets the file system of the machine.</summary>
    internal static FileStorage System { get; } = new();

    /// <summary>How often and how long after each attempt an operation is retried on a file that another program has open: 2 s in all.</summary>
    private const int MaxRetries = 40;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// The error codes of Windows for a file that another program has open: ERROR_ACCESS_DENIED (a rename that replaces it),
    /// ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_UNABLE_TO_REMOVE_REPLACED, ERROR_UNABLE_TO_MOVE_REPLACEMENT.
    /// </summary>
    private static readonly int[] InUseErrors =
        [unchecked((int)0x80070005), unchecked((int)0x80070020), unchecked((int)0x80070021), unchecked((int)0x80070497), unchecked((int)0x80070498)];

    /// <summary>The folders whose names are known to be on the disk.</summary>
    private readonly ConcurrentDictionary<string, bool> _durableFolders = new(StringComparer.Ordinal);

    /// <summary>The flushes of folders, by the folder's path.</summary>
    private readonly ConcurrentDictionary<string, SharedAction> _flushes = new(StringComparer.Ordinal);

    /// <summary>Creates a file.</summary>
    /// <exception cref="IOException">The file exists, or cannot be created.</exception>
    internal virtual Stream Create(string path) => new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);

    /// <summary>Writes the content of a file that <see cref="Create"/> returned to the disk.</summary>
    internal virtual void Flush(Stream file) => ((FileStream)file).Flush(flushToDisk: true);

    /// <summary>Renames a file. Without <paramref name="replace"/> the file may keep its former name as a second one.</summary>
    /// <exception cref="IOException">A file of the new name exists and is not to be replaced, or the file cannot be renamed.</exception>
    internal virtual void Rename(string from, string to, bool replace)
    {
#if NETSTANDARD
        if (replace && File.Exists(to)) File.Replace(from, to, null);
        else File.Move(from, to);
#else
        // Outside Windows File.Move checks for a file and then replaces it: one that is created in between would be lost. Creating
        // a link fails instead. A file system without links gets the move.
        if (!replace && !OperatingSystem.IsWindows() && Link(from, to) == 0) return;

        File.Move(from, to, replace);
#endif
    }

    /// <summary>Deletes a file if it exists.</summary>
    internal virtual void Delete(string path) => File.Delete(path);

    /// <summary>True if a file exists.</summary>
    internal virtual bool FileExists(string path) => File.Exists(path);

    /// <summary>Returns the names of the files in a folder; none if it does not exist.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not read the folder.</exception>
    internal virtual IEnumerable<string> GetFileNames(string path) =>
        FolderExists(path) ? Directory.EnumerateFiles(path).Select(file => Path.GetFileName(file)) : [];

    /// <summary>True if a folder exists.</summary>
    internal virtual bool FolderExists(string path) => Directory.Exists(path);

    /// <summary>Returns the content of a file.</summary>
    internal virtual byte[] ReadAllBytes(string path) => File.ReadAllBytes(path);

    /// <summary>Returns when a file was last written, in UTC.</summary>
    internal virtual DateTime GetLastWriteTimeUtc(string path) => File.GetLastWriteTimeUtc(path);

    /// <summary>Creates a folder if it does not exist.</summary>
    internal virtual void CreateFolder(string path) => Directory.CreateDirectory(path);

    /// <summary>Deletes an empty folder.</summary>
    internal virtual void DeleteFolder(string path) => Directory.Delete(path);

    /// <summary>Writes the names in a folder to the disk, if the file system can do that.</summary>
    /// <exception cref="IOException">The disk fails, or is full.</exception>
    internal virtual void FlushFolder(string path)
    {
#if !NETSTANDARD
        if (OperatingSystem.IsWindows()) return;

        int folder = Open(path, ReadOnly);
        int error = folder < 0 ? Marshal.GetLastPInvokeError() : 0;
        if (folder >= 0)
        {
            do error = FSync(folder) == 0 ? 0 : Marshal.GetLastPInvokeError();
            while (error == Interrupted);
            _ = Close(folder);
        }

        if (DiskErrors.Contains(error))
            throw new IOException($"The names in '{path}' could not be written to the disk (error {error}). They may be lost in a power failure.", error);
#endif
    }

    /// <summary>Writes the names in a folder to the disk; files that end at the same time share one flush.</summary>
    /// <inheritdoc cref="FlushFolder"/>
    internal void FlushFolderOnce(string path) => _flushes.GetOrAdd(path, _ => new SharedAction(() => FlushFolder(path))).Perform();

    /// <summary>True if an operation failed because another program has the file open. Only Windows refuses it then.</summary>
    internal static bool IsInUse(Exception error) => InUseErrors.Contains(error.HResult);

    /// <summary>
    /// Renames or deletes a file, and retries for 2 s while another program, such as a virus scanner, an indexer or a viewer, has it
    /// open.
    /// </summary>
    internal void RetryWhileInUse(Action operation)
    {
        for (int left = MaxRetries; ; left--)
        {
            try
            {
                operation();
                return;
            }
            catch (Exception e) when (left > 0 && IsInUse(e))
            {
                Wait(RetryDelay);
            }
        }
    }

    /// <summary>Waits before an operation is retried.</summary>
    internal virtual void Wait(TimeSpan delay) => Thread.Sleep(delay);

    /// <summary>Creates a folder and those above it if they do not exist, and writes their names to the disk.</summary>
    /// <param name="path">The full path of the folder.</param>
    /// <param name="root">A folder that must exist; null to create all of them.</param>
    /// <exception cref="IOException">A folder cannot be created, or the root does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not create a folder.</exception>
    internal void EnsureFolder(string path, string? root = null)
    {
        bool exists = FolderExists(path);
        if (exists && _durableFolders.ContainsKey(path)) return;

        if (!exists)
        {
            if (path == root) throw new DirectoryNotFoundException($"The folder '{path}' does not exist any more.");
            if (Path.GetDirectoryName(path) is { } above) EnsureFolder(above, root);
            CreateFolder(path);
        }

        FlushFolderNames(path);
    }

    /// <summary>
    /// Writes the name of a folder and of those above it to the disk: an earlier process may have created them, and ended before
    /// their names were on the disk.
    /// </summary>
    private void FlushFolderNames(string path)
    {
        if (Path.GetDirectoryName(path) is not { } above) return;

        FlushFolder(above);
        _durableFolders[path] = true;
        if (!_durableFolders.ContainsKey(above)) FlushFolderNames(above);
    }

#if !NETSTANDARD
    private const int ReadOnly = 0;

    /// <summary>EINTR.</summary>
    private const int Interrupted = 4;

    /// <summary>
    /// EIO, ENOSPC, EDQUOT (Linux, macOS), ENOMEM, ENFILE, EMFILE. Other errors mean that the file system cannot flush folders, or
    /// that the folder is not readable.
    /// </summary>
    private static readonly int[] DiskErrors = [5, 28, 122, 69, 12, 23, 24];

    [DllImport("libc", EntryPoint = "link", BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Link(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

    [DllImport("libc", EntryPoint = "open", BestFitMapping = false, ThrowOnUnmappableChar = true, SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int FSync(int file);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int file);
#endif
}
