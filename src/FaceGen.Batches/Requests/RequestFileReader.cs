using System.Text;
using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Reads request files: CSV, JSON and JSON Lines.</summary>
/// <remarks>The class and its constructor are public because another load context creates it by name.</remarks>
public sealed class RequestFileReader : IRequestFileReader
{
    /// <inheritdoc/>
    IEnumerable<RequestRow> IRequestFileReader.Read(string path, RequestFileFormat? format, char? delimiter, Encoding? encoding, CommandValues defaults)
    {
        if (ImageHeader.FindFormatByExtension(path) is not null)
            throw RequestFileError.ForFile(path, "is an image", "Give a CSV, JSON or JSON Lines file. A face image is a file object of the pipeline, or the value of -FaceImage");

        using LookaheadTextReader text = LookaheadTextReader.Open(path, encoding);
        // A file that was joined from several ones, or written by two tools, begins with several byte order marks.
        while (text.Lookahead is ['\uFEFF' or '\u200B', ..]) text.Skip(1);
        if (text.Lookahead is ['\0', ..] or [_, '\0', ..])
            throw RequestFileError.ForFile(path, "is UTF-16 without a byte order mark", "Save it as UTF-8, or give -Encoding unicode");
        if (text.Lookahead.IsWhiteSpace()) throw RequestFileError.ForFile(path, "is empty", "Name a file with a row");

        var rows = new RequestRowBuilder(path, defaults);
        IEnumerable<RequestRow> all = (format ?? DetectFormat(text)) switch
        {
            RequestFileFormat.Json => JsonRequestReader.Read(text, rows),
            RequestFileFormat.JsonLines => JsonLinesRequestReader.Read(text, rows),
            _ => CsvRequestReader.Read(text, rows, delimiter),
        };
        foreach (RequestRow row in all) yield return row;
    }

    private static RequestFileFormat DetectFormat(LookaheadTextReader text) =>
        Path.GetExtension(text.Path).ToUpperInvariant() switch
        {
            ".CSV" or ".TSV" or ".TXT" => RequestFileFormat.Csv,
            ".JSON" => RequestFileFormat.Json,
            ".JSONL" or ".NDJSON" => RequestFileFormat.JsonLines,
            _ => DetectFormat(text.Lookahead.TrimStart()),
        };

    private static RequestFileFormat DetectFormat(ReadOnlySpan<char> text) => text switch
    {
        ['[', ..] => RequestFileFormat.Json,
        ['{', ..] => HasObjectOnFirstLine(text) ? RequestFileFormat.JsonLines : RequestFileFormat.Json,
        _ => RequestFileFormat.Csv,
    };

    /// <summary>True if an object ends on the first line: one over several lines is JSON, a line beyond the lookahead is JSON Lines.</summary>
    private static bool HasObjectOnFirstLine(ReadOnlySpan<char> text)
    {
        int end = text.IndexOf('\n');
        return end < 0 || text.Slice(0, end).TrimEnd() is [.., '}'];
    }
}

/// <summary>Creates the errors that end the reading of a request file.</summary>
internal static class RequestFileError
{
    /// <summary>Returns the error for a file that cannot be read at all.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <param name="reason">The predicate that follows the file's name, such as "does not exist".</param>
    /// <param name="advice">What to do, without its full stop.</param>
    /// <param name="inner">The exception that caused the error.</param>
    /// <param name="hasRows">True if rows may have been read before.</param>
    internal static FaceGenException ForFile(string path, string reason, string advice, Exception? inner = null, bool hasRows = false) =>
        new(ErrorCode.RequestFileInvalid, $"The request file '{DisplayText.Clean(path)}' {reason}. No {(hasRows ? "further row" : "row")} was read or sent. {advice}.", inner);

    /// <summary>Returns the error for a file that cannot be read beyond a line.</summary>
    /// <param name="path">The full path of the file.</param>
    /// <param name="line">The line at which reading ends.</param>
    /// <param name="reason">A sentence without its full stop.</param>
    /// <param name="advice">What to do, without its full stop.</param>
    /// <param name="inner">The exception that caused the error.</param>
    internal static FaceGenException AtLine(string path, int line, string reason, string advice, Exception? inner = null) =>
        new(ErrorCode.RequestFileInvalid, $"{new RequestSource(path, line, 0)}: {reason}. No row from here on was read or sent. {advice}.", inner);

    /// <summary>Returns the error for a row that exceeds the maximum size.</summary>
    internal static FaceGenException TooLarge(string path, int line, Exception? inner = null) =>
        AtLine(path, line, "The row that begins here is larger than 16 MB", "Add the closing quote or bracket if one is missing", inner);
}
