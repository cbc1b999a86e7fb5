using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Reads request files: CSV, JSON and JSON Lines.</summary>
/// <remarks>The class and its constructor are public because another load context creates it by name.</remarks>
public sealed class RequestFileReader : IRequestFileReader
{
    /// <inheritdoc/>
    IEnumerable<RequestRow> IRequestFileReader.Read(string path, RequestFileFormat? format, char? delimiter)
    {
        using LookaheadTextReader text = LookaheadTextReader.Open(path);
        // A file that was joined from several ones, or written by two tools, begins with several byte order marks.
        while (text.Lookahead is ['\uFEFF' or '\u200B', ..]) text.Skip(1);
        if (text.Lookahead is ['\0', ..] or [_, '\0', ..])
            throw RequestFileError.ForFile(path, "is UTF-16 without a byte order mark. Save it as UTF-8, or with a byte order mark");
        if (text.Lookahead.IsWhiteSpace()) throw RequestFileError.ForFile(path, "is empty");

        var rows = new RequestRowBuilder(path);
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

    /// <summary>Returns true if an object ends on the first line: one over several lines is JSON, a line beyond the lookahead is JSON Lines.</summary>
    private static bool HasObjectOnFirstLine(ReadOnlySpan<char> text)
    {
        int end = text.IndexOf('\n');
        return end < 0 || text.Slice(0, end).TrimEnd() is [.., '}'];
    }
}
