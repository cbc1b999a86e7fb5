using FaceGen.Contract;
using Sylvan.Data.Csv;

namespace FaceGen.Batches.Requests;

/// <summary>Reads requests from comma-separated values (RFC 4180) with a header row.</summary>
internal sealed class CsvRequestReader
{
    private const int MaxRowLength = 16 * 1024 * 1024;

    /// <summary>Half of a surrogate pair, which decoded text never contains, so that no row is a comment.</summary>
    private const char NoCommentCharacter = '\uDC00';

    private readonly string _path;
    private readonly RequestRowBuilder _builder;
    private readonly CsvDataReader _csv;
    private char[] _record = new char[1024];
    private int _line;
    private int _nextLine = 1;

    private CsvRequestReader(LookaheadTextReader text, RequestRowBuilder builder, char? delimiter)
    {
        _path = text.Path;
        _builder = builder;
        if (CsvDelimiter.TryReadDeclaration(text.Lookahead, out char declared, out int length))
        {
            text.Skip(length);
            delimiter ??= declared;
            _nextLine++;
        }

        _csv = Open(text, delimiter ?? CsvDelimiter.Detect(text.Lookahead));
    }

    /// <summary>Reads the rows one by one.</summary>
    /// <param name="text">The file, at its beginning.</param>
    /// <param name="builder">Builds the rows.</param>
    /// <param name="delimiter">The delimiter; null to detect it.</param>
    internal static IEnumerable<RequestRow> Read(LookaheadTextReader text, RequestRowBuilder builder, char? delimiter)
    {
        if (delimiter is { } given && !CsvDelimiter.IsUsable(given))
            throw RequestFileError.ForFile(text.Path, $"cannot be separated by '{DisplayText.Clean(given.ToString())}'", "Give another -Delimiter");

        return new CsvRequestReader(text, builder, delimiter).ReadRows();
    }

    private IEnumerable<RequestRow> ReadRows()
    {
        if (ReadHeader() is not { } header) yield break;
        foreach ((_, string name) in header.OtherColumns)
        {
            if (!header.IsRequestData(name)) _builder.ReportColumn(name);
        }

        while (ReadRecord())
        {
            if (ReadCells(header)) yield return _builder.Build(_line);
        }
    }

    private CsvHeader? ReadHeader()
    {
        while (ReadRecord())
        {
            if (IsBlank(0)) continue;

            return CsvHeader.Read(Enumerable.Range(0, _csv.RowFieldCount).Select(_csv.GetString), _builder.Defaults, _path, _line);
        }

        return null;
    }

    /// <summary>Reads the cells of the current record into the builder.</summary>
    /// <returns>False for an empty line and for a line of delimiters only, which Excel leaves behind.</returns>
    private bool ReadCells(CsvHeader header)
    {
        bool given = false;
        foreach ((int ordinal, RequestField field) in header.Columns)
        {
            if (ordinal >= _csv.RowFieldCount) break;

            string cell = _csv.GetString(ordinal);
            if (InvisibleCharacters.IsEmpty(cell)) continue;

            _builder.Row.Set(field, cell);
            given = true;
        }

        if (!given && IsBlank(0)) return false;

        foreach ((int ordinal, string name) in header.OtherColumns)
        {
            string cell = ordinal < _csv.RowFieldCount ? _csv.GetString(ordinal) : "";
            if (!_builder.Row.TrySetData(name, cell) && !header.IsRequestData(name)) _builder.Row.SetColumn(name, cell);
        }

        if (!IsBlank(header.Width))
        {
            _builder.Row.AddError($"The row has {_csv.RowFieldCount} cells and the header only {header.Width}. Quote each cell that contains the delimiter.");
        }

        return true;
    }

    private bool IsBlank(int from)
    {
        for (int i = from; i < _csv.RowFieldCount; i++)
            if (!InvisibleCharacters.IsEmpty(_csv.GetString(i)))
                return false;

        return true;
    }

    /// <summary>Moves to the next record and its line.</summary>
    private bool ReadRecord()
    {
        _line = _nextLine;
        try
        {
            if (!_csv.Read()) return false;
        }
        catch (CsvFormatException e)
        {
            throw CreateReadError(e);
        }

        int length = _csv.GetRawRecord(null, 0);
        if (length > _record.Length) _record = new char[length];
        _csv.GetRawRecord(_record, 0);
        _nextLine += LineBreaks.Count(_record.AsSpan(0, length));
        return true;
    }

    private CsvDataReader Open(LookaheadTextReader text, char delimiter)
    {
        try
        {
            return CsvDataReader.Create(text, new CsvDataReaderOptions
            {
                Delimiter = delimiter,
                HasHeaders = false,
                Comment = NoCommentCharacter,
                MaxBufferSize = MaxRowLength,
                OwnsReader = false,
            });
        }
        catch (CsvFormatException e)
        {
            _line = _nextLine;
            throw CreateReadError(e);
        }
    }

    private FaceGenException CreateReadError(CsvFormatException e) => e is CsvRecordTooLargeException
        ? RequestFileError.TooLarge(_path, _line, e)
        : RequestFileError.AtLine(_path, _line,
            $"The row that begins here has a wrong quote in cell {e.FieldOrdinal + 1} ({e.Message.TrimEnd('.')})", "Double each quote inside a quoted cell", e);
}

/// <summary>Maps the columns of a CSV file to the API's fields.</summary>
internal sealed class CsvHeader
{
    private readonly bool _isExportedRequest;

    private CsvHeader(IReadOnlyList<string> names)
    {
        Width = names.Count;
        var columns = new List<(int, RequestField)>();
        var others = new List<(int, string)>();
        for (int i = 0; i < names.Count; i++)
        {
            if (FieldNames.Find(names[i]) is { } field) columns.Add((i, field));
            else if (names[i].Length > 0 && !others.Exists(column => column.Item2.Equals(names[i], StringComparison.OrdinalIgnoreCase))) others.Add((i, names[i]));
        }

        Columns = columns;
        OtherColumns = others;
        _isExportedRequest = RequestData.IsExportedRequest(names);
    }

    /// <summary>Gets the columns that hold fields of the API.</summary>
    internal IReadOnlyList<(int Ordinal, RequestField Field)> Columns { get; }

    /// <summary>Gets the columns that are not fields of the API, the first one of each name; a column without a name does not count.</summary>
    internal IReadOnlyList<(int Ordinal, string Name)> OtherColumns { get; }

    /// <summary>True if a column is not one of the row's own: it has additional fields, or it is the data of an exported request.</summary>
    internal bool IsRequestData(string name) => RequestData.IsAdditionalFields(name) || (_isExportedRequest && RequestData.IsRequestData(name));

    /// <summary>Gets how many cells a row may have; empty names at the end, which Excel adds, do not count.</summary>
    internal int Width { get; }

    /// <summary>Reads the header row.</summary>
    /// <exception cref="FaceGenException">The header has no <c>prompt</c>, which has no default, or two columns for the same field.</exception>
    internal static CsvHeader Read(IEnumerable<string> cells, CommandValues defaults, string path, int line)
    {
        List<string> names = [.. cells.Select(InvisibleCharacters.Trim)];
        while (names.Count > 0 && names[names.Count - 1].Length == 0) names.RemoveAt(names.Count - 1);

        var header = new CsvHeader(names);
        if (defaults[RequestField.Prompt] is null && header.Columns.All(column => column.Field != RequestField.Prompt))
        {
            string? similar = names.FirstOrDefault(name => FieldNames.FindNearest(name) == RequestField.Prompt);
            string advice = similar is null ? "Add the column, or give -Prompt" : $"Rename '{InvisibleCharacters.Escape(similar, 60)}' to 'prompt' if that is the column";
            throw RequestFileError.AtLine(path, line, $"The header has no column 'prompt'; it has {FormatNames(names)}", advice);
        }

        if (header.Columns.GroupBy(column => column.Field).FirstOrDefault(columns => columns.Count() > 1) is { } duplicate)
        {
            string same = FormatNames(duplicate.Select(column => names[column.Ordinal]));
            throw RequestFileError.AtLine(path, line, $"The header has {same}, which all mean '{duplicate.Key.Name}'", "Remove all but one");
        }

        return header;
    }

    private static string FormatNames(IEnumerable<string> names) =>
        DisplayText.Clean(string.Join(", ", names.Select(name => $"'{InvisibleCharacters.Escape(name, 60)}'")));
}

/// <summary>Finds the character that separates the cells of a CSV file.</summary>
internal static class CsvDelimiter
{
    private const string Candidates = ",;\t";
    private const string Declaration = "sep=";

    /// <summary>True if a character can separate cells.</summary>
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

        int best = 0;
        for (int i = 1; i < counts.Length; i++)
            if (counts[i] > counts[best])
                best = i;

        return Candidates[best];
    }
}
