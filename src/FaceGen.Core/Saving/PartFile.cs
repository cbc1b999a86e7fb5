using FaceGen.Contract;

namespace FaceGen.Saving;

/// <summary>
/// A file that is written bit by bit under a temporary name beside its own, which it takes when it is complete. What was
/// not committed goes away again.
/// </summary>
internal sealed class PartFile : IDisposable
{
    private readonly string _path;
    private readonly string _folder;
    private readonly string _temporary;
    private readonly bool _replace;
    private readonly FileStream _stream;

    /// <summary>Begins the file; the folder is made where it is not there.</summary>
    /// <exception cref="FaceGenException">There is such a file already, or it cannot be written.</exception>
    internal PartFile(string path, bool replace)
    {
        _path = path;
        _folder = Path.GetDirectoryName(path)!;
        _temporary = Path.Combine(_folder, PartName.Create());
        _replace = replace;
        FileStream? stream = null;
        Try(() =>
        {
            if (!replace && File.Exists(path)) throw AtomicFile.Exists(path);

            Folder.Create(_folder);
            stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        });
        _stream = stream!;
    }

    /// <summary>Writes to it.</summary>
    /// <exception cref="FaceGenException">It cannot be written.</exception>
    internal void Write(Action<Stream> write) => Try(() => write(_stream));

    /// <summary>Gives the file its name, when it is on the disk.</summary>
    /// <exception cref="FaceGenException">There is such a file already, or it cannot be written.</exception>
    internal void Commit() => Try(() =>
    {
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        AtomicFile.Rename(_temporary, _path, _replace);
        File.Delete(_temporary);
        Folder.Flush(_folder);
    });

    public void Dispose() => Try(() =>
    {
        try
        {
            _stream.Dispose();
        }
        finally
        {
            // After the rename there is nothing left here by that name.
            File.Delete(_temporary);
        }
    });

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            if (!_replace && e is IOException && File.Exists(_path)) throw AtomicFile.Exists(_path);
            string reason = Directory.Exists(_path) ? "it is a folder." : e.Message.Replace(_temporary, _path);
            throw new FaceGenException(ErrorCode.FileNotWritten, $"'{_path}' could not be written: {reason}", e);
        }
    }
}
