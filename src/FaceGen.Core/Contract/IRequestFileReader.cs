namespace FaceGen.Contract;

/// <summary>
/// Reads request files. It stands here, and is implemented in FaceGen.Batches, so that the packages that parse files
/// are loaded only when a file is read.
/// </summary>
internal interface IRequestFileReader
{
    /// <summary>Reads a CSV, JSON or JSON Lines file row by row, in flat memory.</summary>
    /// <param name="path">The file's full path.</param>
    /// <param name="format">The format, or null to tell it by the file's extension and content.</param>
    /// <param name="delimiter">The CSV's delimiter, or null to tell it by the header.</param>
    /// <exception cref="FaceGenException">The file cannot be read at all.</exception>
    IEnumerable<RequestRow> Read(string path, RequestFileFormat? format, char? delimiter);
}
