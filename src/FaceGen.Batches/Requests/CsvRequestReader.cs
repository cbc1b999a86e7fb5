using FaceGen.Contract;
using Sylvan.Data.Csv;

namespace FaceGen.Batches.Requests;

/// <summary>Reads requests from comma-separated values (RFC 4180) with a header row.</summary>
internal sealed class CsvRequestReader
{
    private const int MaxRowLength = 16 * 1024 * 1024;

    /// <summary>Half of a surrogate pair, which no decoded text has: rows that begin with '#' are rows.</summary>
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
    /// <param name="builder">Makes the rows.</param>
    /// <param name="delimiter">The delimiter, or null to tell it by the header.</param>
    internal static IEnumerable<RequestRow> Read(LookaheadTextReader text, RequestRowBuilder builder, char? delimiter)
    {
        if (delimiter is { } given && !CsvDelimiter.IsUsable(given))
            throw RequestFileError.ForFile(text.Path, $"cannot be separated by '{DisplayText.Clean(given.ToString())}'");

        return new CsvRequestReader(text, builder, delimiter).ReadRows();
    }

    private IEnumerable<RequestRow> ReadRows()
    {
        if (ReadHeader() is not { } header) yield break;
        foreach (string name in header.UnknownColumns) _builder.AddUnknownName(name);

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

            return CsvHeader.Read(Enumerable.Range(0, _csv.RowFieldCount).Select(_csv.GetString), _path, _line);
        }

        return null;
    }

    /// <summary>Takes the record's cells.</summary>
    /// <returns>False for an empty line and for one of delimiters only, as Excel leaves them.</returns>
    private bool ReadCells(CsvHeader header)
    {
        bool given = false;
        foreach ((int ordinal, RequestField field) in header.Columns)
        {
            if (ordinal >= _csv.RowFieldCount) break;

            string cell = _csv.GetString(ordinal);
            if (InvisibleCharacters.IsEmpty(cell)) continue;

            _builder.Set(field, cell);
            given = true;
        }

        if (!given && IsBlank(0)) return false;

        if (!IsBlank(header.Width))
        {
            _builder.Refuse($"The row has {_csv.RowFieldCount} cells and the header only {header.Width}; "
                + "a cell that holds the delimiter must stand in quotes.");
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
            $"The row that begins here has a wrong quote in cell {e.FieldOrdinal + 1}: {e.Message.TrimEnd('.')}", e);
}
