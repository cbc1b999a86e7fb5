namespace FaceGen.Batches.Requests;

/// <summary>Finds the character that separates the cells of a CSV file.</summary>
internal static class CsvDelimiter
{
    private const string Candidates = ",;\t";
    private const string Declaration = "sep=";

    /// <summary>Returns true if a character can separate cells.</summary>
    internal static bool IsUsable(char delimiter) =>
        delimiter is not ('"' or '\r' or '\n' or '\0') && delimiter < 128 && !char.IsLetterOrDigit(delimiter);

    /// <summary>
    /// Reads Excel's declaration of the delimiter in the first line, as in <c>sep=;</c>. A spreadsheet that saved the line as a row
    /// may have quoted it and added delimiters, as in <c>"sep=,",,</c>: then the added ones separate the file.
    /// </summary>
    /// <param name="text">The beginning of the file.</param>
    /// <param name="delimiter">The declared delimiter.</param>
    /// <param name="length">The length of the line including its line break.</param>
    internal static bool TryReadDeclaration(ReadOnlySpan<char> text, out char delimiter, out int length)
    {
        int end = text.IndexOf('\n');
        length = end < 0 ? text.Length : end + 1;
        delimiter = default;

        ReadOnlySpan<char> line = text.Slice(0, length).TrimEnd("\r\n".AsSpan());
        bool isQuoted = line is ['"', ..];
        if (isQuoted) line = line.Slice(1);
        if (!line.StartsWith(Declaration.AsSpan(), StringComparison.OrdinalIgnoreCase) || line.Length == Declaration.Length) return false;

        delimiter = line[Declaration.Length];
        ReadOnlySpan<char> rest = line.Slice(Declaration.Length + 1);
        if (isQuoted)
        {
            if (rest is not ['"', ..]) return false;
            rest = rest.Slice(1);
        }

        if (rest.Length > 0)
        {
            if (rest.Trim(rest[0]).Length > 0) return false;
            delimiter = rest[0];
        }

        return IsUsable(delimiter);
    }

    /// <summary>Returns the candidate that occurs most often outside quotes in the header row; a comma if none occurs.</summary>
    /// <param name="text">The beginning of the file.</param>
    internal static char Detect(ReadOnlySpan<char> text)
    {
        Span<int> counts = stackalloc int[Candidates.Length];
        bool quoted = false;
        foreach (char c in text.TrimStart())
        {
            if (c == '"') quoted = !quoted;
            if (quoted) continue;
            if (c == '\n') break;
            if (Candidates.IndexOf(c) is var candidate and >= 0) counts[candidate]++;
        }

        int most = 0;
        for (int i = 1; i < counts.Length; i++)
            if (counts[i] > counts[most])
                most = i;

        return Candidates[most];
    }
}
