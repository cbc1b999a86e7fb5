namespace FaceGen.Saving;

/// <summary>
/// A file that is written bit by bit under a temporary name beside its own, which it takes when it is complete. What was
/// not committed goes away again.
/// </summary>
internal sealed class PartFile : IDisposable
{
    private readonly FileStorage _files;
    private readonly string _path;
    private readonly string _folder;
    private readonly string _temporaryPath;
    private readonly bool _replace;
    private readonly Stream _stream;
    private bool _isCommitted;

    /// <summary>Begins the file; the folder is made where it is not there.</summary>
    /// <exception cref="FaceGenException">There is such a file already, or it cannot be written.</exception>
    internal PartFile(FileStorage files, string path, bool replace)
    {
        _files = files;
        _path = path;
        _folder = Path.GetDirectoryName(path)!;
        _temporaryPath = Path.Combine(_folder, PartFileName.Create());
        _replace = replace;
        Stream? stream = null;
        WrapErrors(() =>
        {
            if (!replace && files.FileExists(path)) throw AtomicFile.CreateExistsError(path);

            files.EnsureFolder(_folder);
            stream = files.Create(_temporaryPath);
        });
        _stream = stream!;
    }

    /// <summary>Writes to it.</summary>
    /// <exception cref="FaceGenException">It cannot be written.</exception>
    internal void Write(Action<Stream> write) => WrapErrors(() => write(_stream));

    /// <summary>Gives the file its name, when it is on the disk.</summary>
    /// <exception cref="FaceGenException">There is such a file already, or it cannot be written.</exception>
    internal void Commit() => WrapErrors(() =>
    {
        _files.Flush(_stream);
        _stream.Dispose();
        _files.Rename(_temporaryPath, _path, _replace);
        _isCommitted = true;
        _files.FlushFolder(_folder);
    });

    public void Dispose() => WrapErrors(() =>
    {
        try
        {
            _stream.Dispose();
        }
        finally
        {
            DeleteTemporary();
        }
    });

    /// <summary>Deletes the temporary name, which the file can still have beside its own.</summary>
    private void DeleteTemporary()
    {
        try
        {
            _files.Delete(_temporaryPath);
        }
        catch (Exception e) when (_isCommitted && e is IOException or UnauthorizedAccessException)
        {
            // The file is complete at its own name. A later run removes the temporary one (Destination.RemoveAbandoned).
        }
    }

    private void WrapErrors(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            if (!_replace && !_isCommitted && e is IOException && _files.FileExists(_path)) throw AtomicFile.CreateExistsError(_path);
            string reason = _files.FolderExists(_path) ? "it is a folder." : e.Message.Replace(_temporaryPath, _path);
            throw new FaceGenException(ErrorCode.FileNotWritten, $"'{_path}' could not be written: {reason}", e);
        }
    }
}
