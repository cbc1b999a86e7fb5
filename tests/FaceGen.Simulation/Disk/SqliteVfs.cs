using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using FaceGen.Batches.Ledgers.Sqlite;

namespace FaceGen.Simulation.Disk;

/// <summary>
/// SQLite's default file system (VFS) in this process: files below the root of a simulated disk are used through that disk,
/// all others directly. It delegates to the system's own VFS.
/// </summary>
/// <remarks>See https://www.sqlite.org/c3ref/vfs.html and https://www.sqlite.org/c3ref/io_methods.html.</remarks>
internal static unsafe partial class SqliteVfs
{
    private const int Ok = 0, Full = 13, CannotOpen = 14;

    // SQLITE_IOERR_...
    private const int Error = 10, ErrorRead = Error | (1 << 8), ErrorWrite = Error | (3 << 8), ErrorFlush = Error | (4 << 8),
        ErrorTruncate = Error | (6 << 8), ErrorLength = Error | (7 << 8), ErrorDelete = Error | (10 << 8), ErrorAccess = Error | (13 << 8),
        ErrorLock = Error | (15 << 8), ErrorSharedMemory = Error | (21 << 8), ErrorFileSystem = Error | (33 << 8);

    // SQLITE_OPEN_...
    private const int Creates = 0x4, IsDeletedOnClose = 0x8, HasDurableName = 0x800 | 0x4000 | 0x80000;

    private static readonly Lock Gate = new();
    private static readonly Vfs* Real = Find(null);
    private static readonly IoMethods* Methods = CreateMethods();
    private static ImmutableArray<(byte[] Root, SimulatedDisk Disk)> _disks = [];

    static SqliteVfs()
    {
        var vfs = (Vfs*)NativeMemory.Alloc((nuint)sizeof(Vfs));
        *vfs = *Real;
        vfs->Name = (byte*)Marshal.StringToCoTaskMemUTF8("simulated");
        vfs->FileSize += sizeof(FileHead);
        vfs->Open = &Open;
        vfs->Delete = &Delete;
        vfs->Access = &Access;
        int result = Register(vfs, 1);
        if (result != Ok) throw new InvalidOperationException($"SQLite refuses the file system: error {result}.");
    }

    /// <summary>Routes the files below a disk's root to the disk.</summary>
    /// <returns>The root as SQLite names it: without symbolic links.</returns>
    internal static string Register(SimulatedDisk disk, string root)
    {
        byte[] resolved = new byte[Real->LongestPath + 1];
        fixed (byte* path = Encoding.UTF8.GetBytes(root + "\0"), result = resolved)
        {
            // The error code says whether there was a link.
            if ((Real->FullPathname(Real, path, resolved.Length, result) & 0xFF) != Ok) throw new IOException($"'{root}' has no full path.");
            root = Marshal.PtrToStringUTF8((nint)result)!;
        }

        lock (Gate) _disks = _disks.Add((Encoding.UTF8.GetBytes(root + "/"), disk));
        return root;
    }

    /// <summary>Ends the routing of the files that are opened from now on.</summary>
    internal static void Unregister(SimulatedDisk disk)
    {
        lock (Gate) _disks = _disks.RemoveAll(item => item.Disk == disk);
    }

    private static Vfs* Find(byte* name)
    {
        SqliteNative.Load();
        return FindNative(name);
    }

    private static IoMethods* CreateMethods()
    {
        var methods = (IoMethods*)NativeMemory.Alloc((nuint)sizeof(IoMethods));
        *methods = new IoMethods
        {
            Version = 3,
            Close = &Close,
            Read = &Read,
            Write = &Write,
            Truncate = &Truncate,
            Sync = &Sync,
            FileSize = &FileSize,
            Lock = &LockFile,
            Unlock = &Unlock,
            CheckReservedLock = &CheckReservedLock,
            FileControl = &FileControl,
            SectorSize = &SectorSize,
            DeviceCharacteristics = &DeviceCharacteristics,
            ShmMap = &ShmMap,
            ShmLock = &ShmLock,
            ShmBarrier = &ShmBarrier,
            ShmUnmap = &ShmUnmap,
            Fetch = &Fetch,
            Unfetch = &Unfetch,
        };
        return methods;
    }

    private static SimulatedDisk? DiskOf(byte* path, out string name)
    {
        name = "";
        if (path is null) return null;

        ReadOnlySpan<byte> text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(path);
        foreach ((byte[] root, SimulatedDisk disk) in _disks)
        {
            if (!text.StartsWith(root)) continue;

            name = Encoding.UTF8.GetString(text[root.Length..]);
            return disk;
        }

        return null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(Vfs* vfs, byte* path, FileHead* file, int flags, int* flagsOut)
    {
        if ((flags & IsDeletedOnClose) != 0 || DiskOf(path, out string name) is not { } disk) return Real->Open(Real, path, file, flags, flagsOut);

        file->Methods = null;
        int result = Error;
        DiskNode? node = null;
        if ((flags & Creates) != 0 && !disk.IsDead && !disk.Exists(name))
        {
            DiskError error = disk.Do(DiskAction.Create, name, _ =>
            {
                result = Real->Open(Real, path, file + 1, flags, flagsOut);
                if (result == Ok) node = disk.NoteCreated(name);
            });
            // The system's VFS then tries to open the file to read it, which does not exist.
            if (error != DiskError.None) result = disk.IsDead ? Error : CannotOpen;
        }
        else
        {
            disk.DoUncounted(() =>
            {
                result = Real->Open(Real, path, file + 1, flags, flagsOut);
                if (result == Ok) node = disk.Node(name);
            });
        }

        if (result != Ok) return result;

        // The system's VFS makes the names of such files durable at their first flush.
        bool flushesName = (flags & Creates) != 0 && (flags & HasDurableName) != 0;
        file->Handle = GCHandle.ToIntPtr(GCHandle.Alloc(new OpenFile(disk, name, node!) { FlushesName = flushesName }));
        file->Methods = Methods;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Delete(Vfs* vfs, byte* path, int flushesFolder)
    {
        if (DiskOf(path, out string name) is not { } disk) return Real->Delete(Real, path, flushesFolder);

        if (disk.IsDead) return ErrorDelete;

        if (!disk.Exists(name)) return Real->Delete(Real, path, flushesFolder);

        int result = ErrorDelete;
        disk.Do(DiskAction.Delete, name, _ =>
        {
            Action note = disk.NoteDelete(name);
            result = Real->Delete(Real, path, flushesFolder);
            if (result != Ok) return;

            note();
            if (flushesFolder != 0) disk.FlushNames(SimulatedDisk.FolderOf(name));
        });
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Access(Vfs* vfs, byte* path, int flags, int* result) =>
        DiskOf(path, out _) is { IsDead: true } ? ErrorAccess : Real->Access(Real, path, flags, result);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(FileHead* file)
    {
        GCHandle.FromIntPtr(file->Handle).Free();
        return Next(file)->Close(file + 1);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(FileHead* file, byte* buffer, int length, long offset)
    {
        OpenFile open = file->File;
        int result = ErrorRead;
        DiskError error = open.Disk.Do(DiskAction.Read, open.Name, _ => result = Next(file)->Read(file + 1, buffer, length, offset), offset, length);
        // A device that fails is a failing file system to the system's VFS, which SQLite reports as a damaged file.
        return error == DiskError.InputOutput && !open.Disk.IsDead ? ErrorFileSystem : result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(FileHead* file, byte* buffer, int length, long offset)
    {
        OpenFile open = file->File;
        int result = ErrorWrite;
        DiskError error = open.Disk.Do(DiskAction.Write, open.Name, count =>
        {
            long end = LengthOf(file);
            open.Node.NoteWrite(offset, count, ReadRange(file, offset, Math.Min(offset + count, end)), end);
            result = Next(file)->Write(file + 1, buffer, count, offset);
        }, offset, length);
        return error == DiskError.None ? result : error == DiskError.NoSpace ? Full : ErrorWrite;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(FileHead* file, long length)
    {
        OpenFile open = file->File;
        int result = ErrorTruncate;
        open.Disk.Do(DiskAction.Truncate, open.Name, _ =>
        {
            long end = LengthOf(file);
            open.Node.NoteTruncate(length, ReadRange(file, length, end), end);
            result = Next(file)->Truncate(file + 1, length);
        }, length);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(FileHead* file, int flags)
    {
        OpenFile open = file->File;
        int result = ErrorFlush;
        open.Disk.Do(DiskAction.Flush, open.Name, _ =>
        {
            result = Next(file)->Sync(file + 1, flags);
            if (result != Ok) return;

            open.Node.Flush();
            if (!open.FlushesName) return;

            open.Disk.FlushNames(SimulatedDisk.FolderOf(open.Name));
            open.FlushesName = false;
        }, onFailure: open.Node.NoteFlushFailed);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileSize(FileHead* file, long* length) => file->File.Disk.IsDead ? ErrorLength : Next(file)->FileSize(file + 1, length);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int LockFile(FileHead* file, int level) => file->File.Disk.IsDead ? ErrorLock : Next(file)->Lock(file + 1, level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Unlock(FileHead* file, int level) => Next(file)->Unlock(file + 1, level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckReservedLock(FileHead* file, int* result) => Next(file)->CheckReservedLock(file + 1, result);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileControl(FileHead* file, int operation, void* argument) => Next(file)->FileControl(file + 1, operation, argument);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(FileHead* file) => Next(file)->SectorSize(file + 1);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeviceCharacteristics(FileHead* file) => Next(file)->DeviceCharacteristics(file + 1);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmMap(FileHead* file, int page, int pageSize, int extends, void** result) =>
        file->File.Disk.IsDead ? ErrorSharedMemory : Next(file)->ShmMap(file + 1, page, pageSize, extends, result);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmLock(FileHead* file, int offset, int count, int flags) => Next(file)->ShmLock(file + 1, offset, count, flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ShmBarrier(FileHead* file) => Next(file)->ShmBarrier(file + 1);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmUnmap(FileHead* file, int deletes) => Next(file)->ShmUnmap(file + 1, file->File.Disk.IsDead ? 0 : deletes);

    /// <summary>Maps no memory of the file, so that SQLite reads it.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Fetch(FileHead* file, long offset, int length, void** result)
    {
        *result = null;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Unfetch(FileHead* file, long offset, void* memory) => Ok;

    /// <summary>Returns the methods of the real file.</summary>
    private static IoMethods* Next(FileHead* file) => file[1].Methods;

    private static long LengthOf(FileHead* file)
    {
        long length;
        Check(Next(file)->FileSize(file + 1, &length));
        return length;
    }

    private static byte[] ReadRange(FileHead* file, long offset, long end)
    {
        if (offset >= end) return [];

        var bytes = new byte[end - offset];
        fixed (byte* buffer = bytes) Check(Next(file)->Read(file + 1, buffer, bytes.Length, offset));
        return bytes;
    }

    private static void Check(int result)
    {
        if (result != Ok) throw new IOException($"The real file cannot be read: error {result}.");
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find")]
    private static partial Vfs* FindNative(byte* name);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register")]
    private static partial int Register(Vfs* vfs, int isDefault);

    /// <summary>A file that SQLite has open.</summary>
    private sealed class OpenFile(SimulatedDisk disk, string name, DiskNode node)
    {
        internal SimulatedDisk Disk { get; } = disk;

        internal string Name { get; } = name;

        internal DiskNode Node { get; } = node;

        /// <summary>True if the next flush makes the name durable too.</summary>
        internal bool FlushesName { get; set; }
    }

    /// <summary>The "sqlite3_file" of this VFS. That of the real VFS follows it.</summary>
    private struct FileHead
    {
        internal IoMethods* Methods;

        /// <summary>Refers to the <see cref="OpenFile"/>.</summary>
        internal nint Handle;

        internal readonly OpenFile File => Unsafe.As<OpenFile>(GCHandle.FromIntPtr(Handle).Target!);
    }

#pragma warning disable CS0649 // SQLite sets the fields of its own structure.
    /// <summary>"sqlite3_vfs". Fields that this VFS does not use have no type.</summary>
    private struct Vfs
    {
        internal int Version;
        internal int FileSize;
        internal int LongestPath;
        internal Vfs* Next;
        internal byte* Name;
        internal void* Data;
        internal delegate* unmanaged[Cdecl]<Vfs*, byte*, FileHead*, int, int*, int> Open;
        internal delegate* unmanaged[Cdecl]<Vfs*, byte*, int, int> Delete;
        internal delegate* unmanaged[Cdecl]<Vfs*, byte*, int, int*, int> Access;
        internal delegate* unmanaged[Cdecl]<Vfs*, byte*, int, byte*, int> FullPathname;
        internal Remainder Others;

        [InlineArray(12)]
        internal struct Remainder
        {
            private nint _first;
        }
    }

#pragma warning restore CS0649

    /// <summary>"sqlite3_io_methods".</summary>
    private struct IoMethods
    {
        internal int Version;
        internal delegate* unmanaged[Cdecl]<FileHead*, int> Close;
        internal delegate* unmanaged[Cdecl]<FileHead*, byte*, int, long, int> Read;
        internal delegate* unmanaged[Cdecl]<FileHead*, byte*, int, long, int> Write;
        internal delegate* unmanaged[Cdecl]<FileHead*, long, int> Truncate;
        internal delegate* unmanaged[Cdecl]<FileHead*, int, int> Sync;
        internal delegate* unmanaged[Cdecl]<FileHead*, long*, int> FileSize;
        internal delegate* unmanaged[Cdecl]<FileHead*, int, int> Lock;
        internal delegate* unmanaged[Cdecl]<FileHead*, int, int> Unlock;
        internal delegate* unmanaged[Cdecl]<FileHead*, int*, int> CheckReservedLock;
        internal delegate* unmanaged[Cdecl]<FileHead*, int, void*, int> FileControl;
        internal delegate* unmanaged[Cdecl]<FileHead*, int> SectorSize;
        internal delegate* unmanaged[Cdecl]<FileHead*, int> DeviceCharacteristics;
        internal delegate* unmanaged[Cdecl]<FileHead*, int, int, int, void**, int> ShmMap;
        internal delegate* unmanaged[Cdecl]<FileHead*, int, int, int, int> ShmLock;
        internal delegate* unmanaged[Cdecl]<FileHead*, void> ShmBarrier;
        internal delegate* unmanaged[Cdecl]<FileHead*, int, int> ShmUnmap;
        internal delegate* unmanaged[Cdecl]<FileHead*, long, int, void**, int> Fetch;
        internal delegate* unmanaged[Cdecl]<FileHead*, long, void*, int> Unfetch;
    }
}
