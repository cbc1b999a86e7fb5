namespace FaceGen.Batches.Requests;

/// <summary>Tells what separates a CSV file's cells.</summary>
internal static class CsvDelimiter
{
    private const string Candidates = ",;\t";
    private const string Declaration = "sep=";

    /// <summary>Whether it can separate cells at all.</summary>
    internal static bool IsUsable(char delimiter) =>
        delimiter is not ('"' or '\r' or '\n' or '\0') && delimiter < 128 && !char.IsLetterOrDigit(delimiter);

    /// <summary>
    /// Reads the first line that Excel understands, as in <c>sep=;</c>. A spreadsheet that has saved it again as a row may have
    /// put it in quotes and filled it up with delimiters, as in <c>"sep=,",,</c>: the file is separated by those.
    /// </summary>
    /// <param name="text">The file's beginning.</param>
    /// <param name="delimiter">The delimiter that it names.</param>
    /// <param name="length">The line's length with its line break.</param>
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

    /// <summary>The candidate that the header row has most of outside quotes; a comma where it has none.</summary>
    /// <param name="text">The file's beginning.</param>
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
