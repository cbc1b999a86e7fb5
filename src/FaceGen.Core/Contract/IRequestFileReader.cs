using System.Text;

namespace FaceGen.Contract;

/// <summary>
/// Reads request files. FaceGen.Batches implements it, so that the packages that parse files are loaded only when a file is read.
/// </summary>
internal interface IRequestFileReader
{
    /// <summary>Reads a CSV, JSON or JSON Lines file row by row, with constant memory.</summary>
    /// <param name="path">The file's full path.</param>
    /// <param name="format">The format; null to detect it by the file's extension and content.</param>
    /// <param name="delimiter">The CSV's delimiter; null to detect it by the header.</param>
    /// <param name="encoding">The encoding of a file without a byte order mark; null for UTF-8.</param>
    /// <param name="defaults">The values of rows that give none of their own.</param>
    /// <exception cref="FaceGenException">The file cannot be read.</exception>
    IEnumerable<RequestRow> Read(string path, RequestFileFormat? format, char? delimiter, Encoding? encoding, CommandValues defaults);
}

/// <summary>Represents one row of a request file: a request, or the error of an invalid row.</summary>
/// <param name="Source">Where the row was read; null if it is not from a file or the pipeline.</param>
/// <param name="Request">The request of a valid row.</param>
/// <param name="Error">The error of an invalid row; its message names the line.</param>
/// <param name="NewColumns">The names of columns or properties that the API does not have and that no row before this one has.</param>
internal sealed record RequestRow(
    RequestSource? Source, Request? Request, FaceGenException? Error, IReadOnlyList<string> NewColumns);
