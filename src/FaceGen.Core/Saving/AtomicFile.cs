namespace FaceGen.Saving;

/// <summary>
/// Writes a file completely or not at all: to a temporary file beside it, which is flushed to the disk and then renamed. A
/// file of the final name is complete, also after a crash.
/// </summary>
internal static class AtomicFile
{
    /// <inheritdoc cref="Write(FileStorage, string, IEnumerable{ArraySegment{byte}}, bool, string?)"/>
    internal static void Write(FileStorage files, string path, byte[] content, bool replace, string? root = null) =>
        Write(files, path, [new ArraySegment<byte>(content)], replace, root);

    /// <summary>Writes the parts of a file. Creates the folder if it does not exist.</summary>
    /// <param name="files">Performs the file operations.</param>
    /// <param name="path">The full path of the file.</param>
    /// <param name="content">The parts.</param>
    /// <param name="replace">True to replace an existing file.</param>
    /// <param name="root">A folder that must exist; null to create all of them.</param>
    /// <exception cref="FaceGenException">The file exists already, or could not be written.</exception>
    internal static void Write(FileStorage files, string path, IEnumerable<ArraySegment<byte>> content, bool replace, string? root = null)
    {
        using var file = new PartFile(files, path, replace, root);
        foreach (ArraySegment<byte> part in content) file.Write(stream => stream.Write(part.Array!, part.Offset, part.Count));
        file.Commit();
    }

    internal static FaceGenException CreateExistsError(string path) =>
        new(ErrorCode.FileExists, $"'{path}' already exists. It was not changed.");
}

/// <summary>
/// A file that is written under a temporary name beside its final one, and renamed when it is complete. Without
/// <see cref="Commit"/> it is deleted.
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

    /// <summary>Creates the temporary file, and its folder if that does not exist.</summary>
    /// <param name="files">Performs the file operations.</param>
    /// <param name="path">The full path of the file.</param>
    /// <param name="replace">True to replace an existing file.</param>
    /// <param name="root">A folder that must exist; null to create all of them.</param>
    /// <exception cref="FaceGenException">The file exists already, or cannot be written.</exception>
    internal PartFile(FileStorage files, string path, bool replace, string? root = null)
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

            files.EnsureFolder(_folder, root);
            stream = files.Create(_temporaryPath);
        });
        _stream = stream!;
    }

    /// <summary>Writes to the file.</summary>
    /// <exception cref="FaceGenException">The file cannot be written.</exception>
    internal void Write(Action<Stream> write) => WrapErrors(() => write(_stream));

    /// <summary>Flushes the file to the disk and renames it.</summary>
    /// <exception cref="FaceGenException">The file exists already, or cannot be written.</exception>
    internal void Commit() => WrapErrors(() =>
    {
        _files.Flush(_stream);
        _stream.Dispose();
        _files.RetryWhileInUse(() => _files.Rename(_temporaryPath, _path, _replace));
        _isCommitted = true;
        _files.FlushFolderOnce(_folder);
    });

    /// <summary>Deletes the temporary file.</summary>
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

    /// <summary>Deletes the temporary name, which the renamed file can still have as a second one.</summary>
    private void DeleteTemporary()
    {
        try
        {
            _files.RetryWhileInUse(() => _files.Delete(_temporaryPath));
        }
        catch (Exception e) when (_isCommitted && e is IOException or UnauthorizedAccessException)
        {
            // The file is complete. A later run deletes the temporary name (Destination.RemoveAbandoned).
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
            string cause = $"'{_path}' could not be written: {(_files.FolderExists(_path) ? "it is a folder" : e.Message.Replace(_temporaryPath, _path).TrimEnd('.'))}";
            string remedy = FileStorage.IsInUse(e) ? "Close the program that has the file open, or allow access to the folder" : "Free disk space, or choose another folder";
            throw new FaceGenException(ErrorCode.FileNotWritten, $"{cause}. Its content is not lost. {remedy}.", e) { Cause = cause };
        }
    }
}
