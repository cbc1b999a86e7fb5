using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Maps the columns of a CSV file to the API's fields.</summary>
internal sealed class CsvHeader
{
    private CsvHeader(IReadOnlyList<string> names)
    {
        Width = names.Count;
        var columns = new List<(int, RequestField)>();
        var unknown = new List<string>();
        for (int i = 0; i < names.Count; i++)
        {
            if (RequestField.Find(names[i]) is { } field) columns.Add((i, field));
            else if (names[i].Length > 0) unknown.Add(names[i]);
        }

        Columns = columns;
        UnknownColumns = unknown;
    }

    /// <summary>Gets the columns that hold fields of the API.</summary>
    internal IReadOnlyList<(int Ordinal, RequestField Field)> Columns { get; }

    /// <summary>Gets the names of the columns that the API does not have; a column without a name does not count.</summary>
    internal IReadOnlyList<string> UnknownColumns { get; }

    /// <summary>Gets how many cells a row may have; empty names at the end, which Excel adds, do not count.</summary>
    internal int Width { get; }

    /// <summary>Reads the header row.</summary>
    /// <exception cref="FaceGenException">The header has no <c>prompt</c>, or two columns for the same field.</exception>
    internal static CsvHeader Read(IEnumerable<string> cells, string path, int line)
    {
        List<string> names = [.. cells.Select(InvisibleCharacters.Trim)];
        while (names.Count > 0 && names[names.Count - 1].Length == 0) names.RemoveAt(names.Count - 1);

        var header = new CsvHeader(names);
        if (header.Columns.All(column => column.Field != RequestField.Prompt))
        {
            string? meant = names.FirstOrDefault(name => RequestField.FindNearest(name) == RequestField.Prompt);
            string suggestion = meant is null ? "" : $". Rename '{InvisibleCharacters.Escape(meant, 60)}' to 'prompt' if that is the column";
            throw RequestFileError.AtLine(path, line, $"The header has no column 'prompt'; it has {FormatNames(names)}{suggestion}");
        }

        if (header.Columns.GroupBy(column => column.Field).FirstOrDefault(columns => columns.Count() > 1) is { } twice)
        {
            string same = FormatNames(twice.Select(column => names[column.Ordinal]));
            throw RequestFileError.AtLine(path, line, $"The header has {same}, which all mean '{twice.Key.Name}'. Remove all but one");
        }

        return header;
    }

    private static string FormatNames(IEnumerable<string> names) =>
        DisplayText.Clean(string.Join(", ", names.Select(name => $"'{InvisibleCharacters.Escape(name, 60)}'")));
}
