using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>What a CSV file's columns mean, resolved once from its header row.</summary>
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

    /// <summary>Where the API's fields stand.</summary>
    internal IReadOnlyList<(int Ordinal, RequestField Field)> Columns { get; }

    /// <summary>The columns that the API does not have; those without a name are no columns.</summary>
    internal IReadOnlyList<string> UnknownColumns { get; }

    /// <summary>How many cells a row may have; names that Excel left empty at the end do not count.</summary>
    internal int Width { get; }

    /// <summary>Reads the header row.</summary>
    /// <exception cref="FaceGenException">It has no <c>prompt</c>, or two columns mean the same field.</exception>
    internal static CsvHeader Read(IEnumerable<string> cells, string path, int line)
    {
        List<string> names = [.. cells.Select(InvisibleCharacters.Trim)];
        while (names.Count > 0 && names[names.Count - 1].Length == 0) names.RemoveAt(names.Count - 1);

        var header = new CsvHeader(names);
        if (header.Columns.All(column => column.Field != RequestField.Prompt))
        {
            string? meant = names.FirstOrDefault(name => RequestField.FindNearest(name) == RequestField.Prompt);
            string suggestion = meant is null ? "" : $". Did you mean 'prompt' by '{InvisibleCharacters.Escape(meant, 60)}'? Rename the column";
            throw RequestFileError.AtLine(path, line, $"The header has no column 'prompt'; it has {FormatNames(names)}{suggestion}");
        }


        if (header.Columns.GroupBy(column => column.Field).FirstOrDefault(columns => columns.Count() > 1) is { } twice)
        {
            string same = FormatNames(twice.Select(column => names[column.Ordinal]));
            throw RequestFileError.AtLine(path, line, $"The header has {same}, which all mean '{twice.Key.Name}'");
        }

        return header;
    }

    private static string FormatNames(IEnumerable<string> names) =>
        DisplayText.Clean(string.Join(", ", names.Select(name => $"'{InvisibleCharacters.Escape(name, 60)}'")));
}
