using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Reads request files: CSV, JSON and JSON Lines.</summary>
/// <remarks>It is public with a public constructor because it is made by name, in a load context of its own.</remarks>
public sealed class RequestFileReader : IRequestFileReader
{
    /// <inheritdoc/>
    IEnumerable<RequestRow> IRequestFileReader.Read(string path, RequestFileFormat? format, char? delimiter)
    {
        using LookaheadTextReader text = LookaheadTextReader.Open(path);
        // A file that was joined of several, or written by two tools, begins with several byte order marks.
        while (text.Lookahead is ['\uFEFF' or '\u200B', ..]) text.Skip(1);
        if (text.Lookahead is ['\0', ..] or [_, '\0', ..])
            throw RequestFileError.ForFile(path, "is UTF-16 without a byte order mark: save it as UTF-8, or with the mark");
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

    /// <summary>One object over several lines is JSON; a line too long to look at can only be JSON Lines.</summary>
    private static bool HasObjectOnFirstLine(ReadOnlySpan<char> text)
    {
        int end = text.IndexOf('\n');
        return end < 0 || text.Slice(0, end).TrimEnd() is [.., '}'];
    }
}
