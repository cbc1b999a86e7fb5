namespace FaceGen.Batches.Ledgers;

/// <summary>
/// Holds the rows of an input in a temporary file until they are imported, so that memory stays flat, and the rows can be read again
/// after a lost connection.
/// </summary>
/// <param name="temporaryFolder">The folder to try first; null for the system's temporary folder.</param>
internal sealed class InputSpool(string? temporaryFolder = null) : IDisposable
{
    /// <summary>The maximum number of face hashes in memory; beyond it a face may be written twice.</summary>
    private const int MaxKnownFaces = 4096;

    private readonly HashSet<string> _writtenFaces = new(StringComparer.Ordinal);
    private FileStream? _file;

    /// <summary>Gets a value that is true if a row contains the bytes of a face.</summary>
    internal bool HasFaces => _writtenFaces.Count > 0;

    /// <summary>Gets a value that is true if a row has a path for its first image.</summary>
    internal bool HasPaths { get; private set; }

    /// <summary>Gets a value that is true if an earlier version of FaceGen may have stored one of the rows under another hash.</summary>
    internal bool MayHaveLegacyHash { get; private set; }

    /// <summary>Adds rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="fallbackFolder">The folder to use if the temporary folder is not writable; it need not exist yet.</param>
    /// <exception cref="FaceGenException">The temporary file cannot be written.</exception>
    internal void Add(IReadOnlyList<InputRow> rows, string? fallbackFolder)
    {
        _file ??= Create(fallbackFolder);
        try
        {
            _file.Seek(0, SeekOrigin.End);
            using var writer = new BinaryWriter(_file, System.Text.Encoding.UTF8, leaveOpen: true);
            foreach (InputRow row in rows) Write(writer, row);
            writer.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CreateNotWrittenError($"'{Path.GetDirectoryName(_file.Name)}'", e);
        }
    }

    internal IEnumerable<InputRow> Read()
    {
        if (_file is null) yield break;

        _file.Seek(0, SeekOrigin.Begin);
        using var reader = new BinaryReader(_file, System.Text.Encoding.UTF8, leaveOpen: true);
        while (_file.Position < _file.Length) yield return ReadRow(reader);
    }

    internal void Clear()
    {
        _file?.SetLength(0);
        _writtenFaces.Clear();
        HasPaths = false;
        MayHaveLegacyHash = false;
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>Creates the file in the temporary folder, or in the fallback folder.</summary>
    private FileStream Create(string? fallbackFolder)
    {
        string temporary = temporaryFolder ?? Path.GetTempPath();
        try
        {
            return PrivateFile.CreateTemporary(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            while (fallbackFolder is not null && !Directory.Exists(fallbackFolder)) fallbackFolder = Path.GetDirectoryName(fallbackFolder);
            if (fallbackFolder is null) throw CreateNotWrittenError($"the temporary folder '{temporary}'", e);

            try
            {
                return PrivateFile.CreateTemporary(fallbackFolder);
            }
            catch (Exception second) when (second is IOException or UnauthorizedAccessException)
            {
                throw CreateNotWrittenError($"the temporary folder '{temporary}' or in '{fallbackFolder}'", second);
            }
        }
    }

    private static FaceGenException CreateNotWrittenError(string where, Exception error) => new(
        ErrorCode.FileNotWritten,
        $"The input of the batch could not be written to a temporary file in {where}: {error.Message.TrimEnd('.')}. Nothing was sent. "
        + "Free disk space there, or set the environment variable TMPDIR (on Windows, TEMP) to a writable folder.",
        error);

    private void Write(BinaryWriter writer, InputRow row)
    {
        writer.Write(row.Hash);
        writer.Write(row.Request);
        writer.Write(row.Images);
        WriteText(writer, row.Face);
        writer.Write(row.FaceLength);
        byte[]? bytes = row.FaceBytes is not null && IsNew(row.Face!) ? row.FaceBytes : null;
        writer.Write(bytes?.Length ?? -1);
        if (bytes is not null) writer.Write(bytes);
        HasPaths |= row.Path is not null;
        MayHaveLegacyHash |= row.MayHaveLegacyHash;
        WriteText(writer, row.Path);
        writer.Write(row.ExistingFileWrittenAt?.ToUnixTimeMilliseconds() ?? -1);
        WriteText(writer, row.Source?.File);
        if (row.Source is not { } source) return;

        writer.Write(source.Line);
        writer.Write(source.Row);
    }

    private static InputRow ReadRow(BinaryReader reader)
    {
        string hash = reader.ReadString();
        string request = reader.ReadString();
        int images = reader.ReadInt32();
        string? face = ReadText(reader);
        int faceLength = reader.ReadInt32();
        int length = reader.ReadInt32();
        byte[]? bytes = length < 0 ? null : reader.ReadBytes(length);
        string? path = ReadText(reader);
        long fileAt = reader.ReadInt64();
        RequestSource? source = ReadText(reader) is { } file ? new RequestSource(file, reader.ReadInt32(), reader.ReadInt32()) : null;
        return new InputRow(hash, request, images, face, bytes, source)
        {
            FaceLength = faceLength,
            Path = path,
            ExistingFileWrittenAt = fileAt < 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(fileAt),
        };
    }

    private static void WriteText(BinaryWriter writer, string? text)
    {
        writer.Write(text is not null);
        if (text is not null) writer.Write(text);
    }

    private static string? ReadText(BinaryReader reader) => reader.ReadBoolean() ? reader.ReadString() : null;

    private bool IsNew(string face)
    {
        if (_writtenFaces.Count == MaxKnownFaces && !_writtenFaces.Contains(face)) _writtenFaces.Clear();
        return _writtenFaces.Add(face);
    }
}
