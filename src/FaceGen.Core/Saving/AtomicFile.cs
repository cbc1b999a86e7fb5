namespace FaceGen.Saving;

/// <summary>
/// Writes a file whole or not at all: to a temporary file beside it, flushed to the disk, then renamed. Whoever sees
/// the final name sees the complete file, also after a crash.
/// </summary>
internal static class AtomicFile
{
    /// <inheritdoc cref="Write(FileStorage, string, IEnumerable{ArraySegment{byte}}, bool)"/>
    internal static void Write(FileStorage files, string path, byte[] content, bool replace) =>
        Write(files, path, [new ArraySegment<byte>(content)], replace);

    /// <summary>Writes the file, part after part; the folder is made where it is not there.</summary>
    /// <exception cref="FaceGenException">There is such a file already, or it could not be written.</exception>
    internal static void Write(FileStorage files, string path, IEnumerable<ArraySegment<byte>> content, bool replace)
    {
        using var file = new PartFile(files, path, replace);
        foreach (ArraySegment<byte> part in content) file.Write(stream => stream.Write(part.Array!, part.Offset, part.Count));
        file.Commit();
    }

    internal static FaceGenException CreateExistsError(string path) =>
        new(ErrorCode.FileExists, $"'{path}' is there already.");
}
