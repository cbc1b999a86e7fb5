#if !NETSTANDARD
using System.Security.AccessControl;
using System.Security.Principal;
#endif

namespace FaceGen.Batches.Ledgers;

/// <summary>Makes files that their owner alone can read.</summary>
internal static class PrivateFile
{
    /// <summary>Makes an empty file, where there is none.</summary>
    internal static void EnsureExists(string path)
    {
        if (File.Exists(path)) return;

        try
        {
            Open(path, FileMode.CreateNew, FileShare.ReadWrite | FileShare.Delete).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Somebody else was quicker.
        }
    }

    /// <summary>Makes a file that is there the owner's alone, where the system has such rights.</summary>
    /// <remarks>It is not opened: closing it would drop the locks that SQLite holds on it in this process.</remarks>
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
            // It is another owner's, or on a file system without rights: a batch that was paid for goes on with those there are.
        }
#endif
    }

    /// <summary>Opens a file that nobody else can open meanwhile; the system closes it when the process dies.</summary>
    internal static FileStream OpenExclusive(string path) => Open(path, FileMode.OpenOrCreate, FileShare.None);

    /// <summary>Creates a file that is deleted when it is closed, also when the process is killed.</summary>
    /// <exception cref="IOException">The folder is missing or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    internal static FileStream CreateTemporary(string folder)
    {
        string path = Path.Combine(folder, $"facegen-{Guid.NewGuid():N}.tmp");
        FileStream file = Open(path, FileMode.CreateNew, FileShare.Delete, FileOptions.DeleteOnClose);
#if !NETSTANDARD
        // There the name can go first, so that nothing is left when the process is killed.
        if (!OperatingSystem.IsWindows()) File.Delete(path);
#endif
        return file;
    }

    /// <summary>Returns true if files can be created in the temporary folder.</summary>
    internal static bool IsTemporaryFolderWritable()
    {
        try
        {
            CreateTemporary(Path.GetTempPath()).Dispose();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static FileStream Open(string path, FileMode mode, FileShare share, FileOptions options = FileOptions.None)
    {
#if NETSTANDARD
        // This framework cannot say who may read a file: it has the rights of its folder.
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
