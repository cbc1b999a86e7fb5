#if !NETSTANDARD
using System.Security.AccessControl;
using System.Security.Principal;
#endif

namespace FaceGen.Batches.Ledgers;

/// <summary>Creates files that only their owner can read.</summary>
internal static class PrivateFile
{
    /// <summary>Creates an empty file if it is missing.</summary>
    internal static void EnsureExists(string path)
    {
        if (File.Exists(path)) return;

        try
        {
            Open(path, FileMode.CreateNew, FileShare.ReadWrite | FileShare.Delete).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process has created it.
        }
    }

    /// <summary>Restricts an existing file to its owner, if the file system has permissions.</summary>
    /// <remarks>The file is not opened: closing it would release SQLite's POSIX locks in this process.</remarks>
    internal static void Restrict(string path)
    {
#if !NETSTANDARD
        if (OperatingSystem.IsWindows() || !File.Exists(path) || File.GetUnixFileMode(path) == OwnerOnly) return;

        try
        {
            File.SetUnixFileMode(path, OwnerOnly);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            // The file belongs to another owner, or the file system has no permissions: the run continues with the present ones.
        }
#endif
    }

    /// <summary>Opens a file exclusively; the system closes it when the process dies.</summary>
    internal static FileStream OpenExclusive(string path) => Open(path, FileMode.OpenOrCreate, FileShare.None);

    /// <summary>Creates a file that is deleted when it is closed, also when the process is killed.</summary>
    /// <exception cref="IOException">The folder is missing or not writable.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable for this user.</exception>
    private static FileStream CreateTemporary(string folder)
    {
        string path = Path.Combine(folder, $"facegen-{Guid.NewGuid():N}.tmp");
        FileStream file = Open(path, FileMode.CreateNew, FileShare.Delete, FileOptions.DeleteOnClose);
#if !NETSTANDARD
        // On Unix the name can be removed while the file is open, so that a killed process leaves nothing behind.
        if (!OperatingSystem.IsWindows()) File.Delete(path);
#endif
        return file;
    }

    /// <summary>Returns the error for a folder in which files cannot be created; null if they can.</summary>
    internal static Exception? FindCreationError(string folder)
    {
        try
        {
            CreateTemporary(folder).Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e;
        }
    }

    private static FileStream Open(string path, FileMode mode, FileShare share, FileOptions options = FileOptions.None)
    {
#if NETSTANDARD
        // This framework cannot set permissions: the file inherits those of its folder.
        return new FileStream(path, mode, FileAccess.ReadWrite, share, BufferSize, options);
#else
        if (OperatingSystem.IsWindows())
        {
            var security = new FileSecurity();
            security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
            security.AddAccessRule(new FileSystemAccessRule(
                WindowsIdentity.GetCurrent().User!, FileSystemRights.FullControl, AccessControlType.Allow));
            return new FileInfo(path).Create(
                mode, FileSystemRights.ReadData | FileSystemRights.WriteData | FileSystemRights.Delete | FileSystemRights.Synchronize,
                share, BufferSize, options, security);
        }

        return new FileStream(path, new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = share,
            Options = options,
            BufferSize = BufferSize,
            UnixCreateMode = OwnerOnly,
        });
#endif
    }

    private const int BufferSize = 64 * 1024;

#if !NETSTANDARD
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
#endif
}
