using FaceGen.Saving;

namespace FaceGen.Simulation.Disk;

/// <summary>Performs the file operations by which images are saved, on a simulated disk.</summary>
/// <param name="disk">The disk, below whose root all files must be.</param>
/// <param name="time">The clock by which files are written.</param>
internal sealed class SimulatedFiles(SimulatedDisk disk, TimeProvider time) : FileStorage
{
    internal override Stream Create(string path)
    {
        string name = NameOf(path);
        WrittenFile? file = null;
        Do(DiskAction.Create, path, _ =>
        {
            var stream = (FileStream)base.Create(path);
            file = new WrittenFile(this, stream, disk.NoteCreated(name));
            file.Touch();
        });
        return file!;
    }

    internal override void Flush(Stream file)
    {
        var written = (WrittenFile)file;
        Do(DiskAction.Flush, written.Path, _ =>
        {
            base.Flush(written.Real);
            written.Node.Flush();
            written.Touch();
        }, onFailure: written.Node.NoteFlushFailed);
    }

    internal override void Rename(string from, string to, bool replace)
    {
        string former = NameOf(from), name = NameOf(to);
        Do(DiskAction.Rename, to, _ =>
        {
            Action<bool> note = disk.NoteRename(former, name);
            base.Rename(from, to, replace);
            note(disk.Exists(former));
        });
    }

    internal override void Delete(string path)
    {
        string name = NameOf(path);
        // Nothing happens, on a read-only disk either.
        if (!FileExists(path)) return;

        Do(DiskAction.Delete, path, _ =>
        {
            Action note = disk.NoteDelete(name);
            base.Delete(path);
            note();
        });
    }

    internal override bool FileExists(string path) => Check(path, base.FileExists);

    internal override bool FolderExists(string path) => IsAboveRoot(path) || Check(path, base.FolderExists);

    internal override IEnumerable<string> GetFileNames(string path)
    {
        string[] names = [];
        Do(DiskAction.Read, path, _ => names = [.. base.GetFileNames(path)]);
        return names;
    }

    internal override byte[] ReadAllBytes(string path)
    {
        byte[]? content = null;
        Do(DiskAction.Read, path, _ => content = base.ReadAllBytes(path));
        return content!;
    }

    internal override DateTime GetLastWriteTimeUtc(string path)
    {
        DateTime writtenAt = default;
        Do(DiskAction.Read, path, _ => writtenAt = base.GetLastWriteTimeUtc(path));
        return writtenAt;
    }

    internal override void CreateFolder(string path)
    {
        if (FolderExists(path)) return;

        List<string> created = [];
        for (string name = NameOf(path); name.Length > 0 && !disk.Exists(name); name = SimulatedDisk.FolderOf(name)) created.Insert(0, name);
        Do(DiskAction.CreateFolder, path, _ =>
        {
            base.CreateFolder(path);
            foreach (string name in created) disk.NoteCreated(name);
        });
    }

    internal override void DeleteFolder(string path)
    {
        string name = NameOf(path);
        Do(DiskAction.DeleteFolder, path, _ =>
        {
            Action note = disk.NoteDelete(name, isFolder: true);
            base.DeleteFolder(path);
            note();
        });
    }

    internal override void FlushFolder(string path)
    {
        if (IsAboveRoot(path)) return;

        Do(DiskAction.FlushFolder, path, _ =>
        {
            base.FlushFolder(path);
            disk.FlushNames(NameOf(path));
        });
    }

    /// <summary>Returns true for a folder above the root, which is as durable as the machine.</summary>
    private bool IsAboveRoot(string path) => disk.Root.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private bool Check(string path, Func<string, bool> exists)
    {
        NameOf(path);
        bool result = false;
        return disk.DoUncounted(() => result = exists(path)) ? result : throw Failure(DiskError.InputOutput, path);
    }

    private void Do(DiskAction action, string path, Action<int> work, long offset = 0, int length = 0, Action? onFailure = null)
    {
        DiskError error = disk.Do(action, NameOf(path), work, offset, length, onFailure);
        if (error != DiskError.None) throw Failure(error, path);
    }

    /// <exception cref="InvalidOperationException">The path is elsewhere: the simulation does not control it.</exception>
    private string NameOf(string path) =>
        disk.NameOf(path) ?? throw new InvalidOperationException($"'{path}' is not below the disk's root '{disk.Root}'.");

    /// <summary>Returns the framework's exception for an error of the system.</summary>
    private IOException Failure(DiskError error, string path) => disk.IsDead
        ? new IOException($"The simulated process has died : '{path}'")
        : new IOException(
            error switch
            {
                DiskError.NoSpace => "No space left on device",
                DiskError.ReadOnly => "Read-only file system",
                _ => "Input/output error",
            } + $" : '{path}'",
            (int)error);

    /// <summary>A file that is written from the beginning to the end. Each write is an operation of its own.</summary>
    private sealed class WrittenFile(SimulatedFiles files, FileStream real, DiskNode node) : Stream
    {
        internal FileStream Real { get; } = real;

        internal DiskNode Node { get; } = node;

        internal string Path => Real.Name;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => Real.CanWrite;

        public override long Length => Real.Length;

        public override long Position { get => Real.Position; set => throw new NotSupportedException(); }

        /// <summary>Sets the time of the last write to the simulated one.</summary>
        internal void Touch() => File.SetLastWriteTimeUtc(Real.SafeFileHandle, files.Now);

        public override void Write(byte[] buffer, int offset, int count) => files.Do(DiskAction.Write, Path, written =>
        {
            long end = Real.Length;
            Node.NoteWrite(end, written, [], end);
            Real.Write(buffer, offset, written);
            // Data that only the process has in memory is lost with it.
            Real.Flush();
            Touch();
        }, Real.Length, count);

        public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Write(buffer, offset, count);
            return Task.CompletedTask;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush()
        {
            // It has nothing in memory.
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) Real.Dispose();
            base.Dispose(disposing);
        }
    }
}
