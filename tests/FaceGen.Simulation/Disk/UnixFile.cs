using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FaceGen.Simulation.Disk;

/// <summary>Calls the system for what the framework does not offer.</summary>
internal static unsafe partial class UnixFile
{
    private const int ReadOnly = 0;

    /// <summary>The size of the system's "struct stat" is smaller on every system.</summary>
    private const int StatusLength = 512;

    /// <summary>The offset of "st_ino" on Linux and macOS (64 bits).</summary>
    private const int NumberOffset = 8;

    /// <summary>Returns the inode number of a file or folder; 0 if it does not exist.</summary>
    internal static ulong Number(string path)
    {
        byte* status = stackalloc byte[StatusLength];
        return Status(path, status) == 0 ? *(ulong*)(status + NumberOffset) : 0;
    }

    /// <summary>Opens a file to read it, also where a stream of the framework has locked it.</summary>
    internal static SafeFileHandle OpenToRead(string path)
    {
        var file = new SafeFileHandle(Open(path, ReadOnly), ownsHandle: true);
        return file.IsInvalid ? throw new IOException($"'{path}' cannot be opened: error {Marshal.GetLastPInvokeError()}.") : file;
    }

    /// <summary>Gives a file a second name.</summary>
    internal static void Link(string path, string second)
    {
        if (LinkNative(path, second) != 0) throw new IOException($"'{second}' cannot be created: error {Marshal.GetLastPInvokeError()}.");
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int LinkNative(string path, string second);

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(string path, byte* status);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);
}
