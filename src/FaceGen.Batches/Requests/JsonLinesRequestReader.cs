using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Reads requests from JSON Lines: one object a line. A line that is no JSON spoils only itself.</summary>
internal sealed class JsonLinesRequestReader
{
    private readonly Utf8Window _window;
    private readonly RequestRowBuilder _builder;

    private JsonLinesRequestReader(LookaheadTextReader text, RequestRowBuilder builder)
    {
        _window = new Utf8Window(text);
        _builder = builder;
    }

    /// <summary>Reads the rows one by one.</summary>
    /// <param name="text">The file, at its beginning.</param>
    /// <param name="builder">Makes the rows.</param>
    internal static IEnumerable<RequestRow> Read(LookaheadTextReader text, RequestRowBuilder builder)
    {
        var reader = new JsonLinesRequestReader(text, builder);
        while (reader.FindLine() is { } length)
        {
            IReadOnlyList<RequestRow> lineRows = reader.ReadLine(length);
            reader._window.Consume(length);
            foreach (RequestRow row in lineRows) yield return row;
        }
    }

    /// <summary>The length, line break included, of the window's first line; null at the end of the file.</summary>
    private int? FindLine()
    {
        while (true)
        {
            int end = _window.Bytes.IndexOf((byte)'\n');
            if (end >= 0) return end + 1;
            if (_window.IsFinal) return _window.Bytes.Length is > 0 and var rest ? rest : null;
            _window.Extend(_window.Line);
        }
    }

    private List<RequestRow> ReadLine(int length)
    {
        List<RequestRow> rows = [];
        ReadOnlySpan<byte> line = _window.Bytes.Slice(0, length);
        if (IsBlank(line)) return rows;

        try
        {
            var reader = new Utf8JsonReader(line, JsonRequestObject.Options);
            Utf8JsonReader inside = reader;
            if (JsonRequestObject.FindArray(ref inside) == true)
            {
                ReadArray(ref inside, rows);
                return rows;
            }

            reader.Read();
            JsonRequestObject.TryRead(ref reader, _builder);

            // Whatever stands behind the object is invalid, and this is how the reader gets to say so.
            reader.Read();
        }
        catch (JsonException e)
        {
            _builder.Refuse($"{JsonRequestObject.Describe(e)}.");
        }

        rows.Add(_builder.Build(_window.Line));
        return rows;
    }

    /// <summary>Reads the rows of an array that an object is around, and what stands behind it.</summary>
    private void ReadArray(ref Utf8JsonReader reader, List<RequestRow> rows)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            JsonRequestObject.TryRead(ref reader, _builder);
            rows.Add(_builder.Build(_window.Line));
        }

        while (reader.Read()) reader.Skip();
    }

    private static bool IsBlank(ReadOnlySpan<byte> line)
    {
        foreach (byte b in line)
            if (b is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
                return false;

        return true;
    }
}
