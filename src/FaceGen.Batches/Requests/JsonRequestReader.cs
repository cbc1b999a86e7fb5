using System.Text;
using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>
/// Reads requests from a JSON array of objects, from one object, or from an array inside an object, as Windows PowerShell's
/// ConvertTo-Json and many web services write it: <c>{"value":[…],"Count":2}</c>. It holds one request in memory at a time.
/// </summary>
internal sealed class JsonRequestReader
{
    private readonly Utf8Window _window;
    private readonly RequestRowBuilder _builder;
    private JsonReaderState _state = new(JsonRequestObject.Options);

    /// <summary>The line of the current row.</summary>
    private int _line = 1;

    /// <summary>The depth of the rows: 1, or 2 if the array is inside an object.</summary>
    private int _rowDepth = 1;

    private bool _hasStarted;

    private JsonRequestReader(LookaheadTextReader text, RequestRowBuilder builder)
    {
        _window = new Utf8Window(text);
        _builder = builder;
    }

    private enum ReadResult
    {
        Row,
        MoreNeeded,
        End,
    }

    /// <summary>Reads the rows one by one.</summary>
    /// <param name="text">The file, at its beginning.</param>
    /// <param name="builder">Builds the rows.</param>
    internal static IEnumerable<RequestRow> Read(LookaheadTextReader text, RequestRowBuilder builder)
    {
        var reader = new JsonRequestReader(text, builder);
        while (reader.ReadRow()) yield return builder.Build(reader._line);
    }

    private bool ReadRow()
    {
        while (true)
        {
            switch (TryReadRow())
            {
                case ReadResult.Row: return true;
                case ReadResult.End: return false;
                default: _window.Extend(_line); break;
            }
        }
    }

    private ReadResult TryReadRow()
    {
        try
        {
            if (!_hasStarted && !TryStart()) return ReadResult.MoreNeeded;

            // The reader is a ref struct over the window's bytes: only its state is kept between rows.
            var reader = new Utf8JsonReader(_window.Bytes, _window.IsFinal, _state);
            while (reader.Read())
            {
                if (reader.CurrentDepth < _rowDepth && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray) continue;
                if (_rowDepth == 2 && reader.CurrentDepth < _rowDepth)
                {
                    // The properties after the array are not part of a request.
                    if (!reader.TrySkip()) return ReadResult.MoreNeeded;
                    continue;
                }

                _line = _window.Line + LineBreaks.Count(_window.Bytes.Slice(0, (int)reader.TokenStartIndex));
                if (reader.CurrentDepth == 0 && reader.TokenType != JsonTokenType.StartObject)
                {
                    throw RequestFileError.AtLine(
                        _window.Path, _line, "The file must contain an array of objects, or one object", "Correct it");
                }

                if (!JsonRequestObject.TryRead(ref reader, _builder)) return ReadResult.MoreNeeded;

                _state = reader.CurrentState;
                _window.Consume((int)reader.BytesConsumed);
                return ReadResult.Row;
            }

            return _window.IsFinal ? ReadResult.End : ReadResult.MoreNeeded;
        }
        catch (JsonException e)
        {
            throw RequestFileError.AtLine(_window.Path, (int)(e.LineNumber ?? 0) + 1, JsonRequestObject.Describe(e), "Correct it", e);
        }
    }

    /// <summary>Moves into the array inside an object, if there is one.</summary>
    /// <returns>False if the window is too short to decide.</returns>
    private bool TryStart()
    {
        var reader = new Utf8JsonReader(_window.Bytes, _window.IsFinal, _state);
        if (JsonRequestObject.FindArray(ref reader) is not { } found) return false;

        _hasStarted = true;
        if (!found) return true;

        _rowDepth = 2;
        _state = reader.CurrentState;
        _window.Consume((int)reader.BytesConsumed);
        return true;
    }
}

/// <summary>Reads requests from JSON Lines: one object per line. A line that is not valid JSON fails only its own row.</summary>
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
    /// <param name="builder">Builds the rows.</param>
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

    /// <summary>Returns the length of the window's first line including its line break; null at the end of the file.</summary>
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

            // Anything after the object is invalid: reading on makes the reader throw.
            reader.Read();
        }
        catch (JsonException e)
        {
            _builder.Row.AddError($"{JsonRequestObject.Describe(e)}.");
        }

        rows.Add(_builder.Build(_window.Line));
        return rows;
    }

    /// <summary>Reads the rows of an array inside an object, and skips the rest of the object.</summary>
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

/// <summary>Reads one request from JSON: an object whose properties are the API's fields.</summary>
internal static class JsonRequestObject
{
    internal static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    /// <summary>Reads the value that starts at the reader's current token.</summary>
    /// <returns>False if the window ends before the value does; then the value is read again from its start.</returns>
    internal static bool TryRead(ref Utf8JsonReader reader, RequestRowBuilder builder)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            string kind = DescribeToken(reader.TokenType);
            if (!reader.TrySkip()) return false;
            builder.Row.AddError($"A request must be a JSON object, not {kind}.");
            return true;
        }

        builder.Row.ClearNames();
        bool describesFile = false;
        List<string> others = [];
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndObject) return true;

            string name = ReadText(ref reader) ?? "";
            RequestField? field = FieldNames.Find(name);
            if (!reader.Read()) return false;
            describesFile |= name == RequestBuilder.SidecarHash;
            if (describesFile && name == RequestBuilder.SidecarProperty && reader.TokenType == JsonTokenType.StartObject)
            {
                builder.StartSidecarRequest();
                return TryRead(ref reader, builder) && TrySkipRest(ref reader);
            }

            if (field is not null)
            {
                builder.Row.AddName(field, name);
                if (field.Kind == FieldKind.Image && reader.TokenType == JsonTokenType.StartObject)
                {
                    if (!TryReadFace(ref reader, builder.Row, field)) return false;
                    continue;
                }

                SetValue(ref reader, builder.Row, field);
                if (!reader.TrySkip()) return false;
            }
            else
            {
                others.Add(name);
                // Source is the last property of an exported request.
                if (RequestData.IsRequestData(name) && RequestData.IsExportedRequest(others))
                {
                    if (!reader.TrySkip()) return false;
                }
                else if (!TryReadOther(ref reader, builder, name))
                {
                    return false;
                }
            }
        }

        return false;
    }

    /// <summary>
    /// Moves to the array of rows inside an object, which is its property <c>value</c>; a request has no such property.
    /// </summary>
    /// <returns>True if there is such an array; null if the window is too short to decide.</returns>
    internal static bool? FindArray(ref Utf8JsonReader reader)
    {
        if (!reader.Read()) return null;
        if (reader.TokenType != JsonTokenType.StartObject) return false;

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = ReadText(ref reader) ?? "";
            if (!reader.Read()) return null;
            if (name.Equals("value", StringComparison.OrdinalIgnoreCase)) return reader.TokenType == JsonTokenType.StartArray;
            if (FieldNames.Find(name) is not null || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) return false;
        }

        return reader.TokenType == JsonTokenType.EndObject ? false : null;
    }

    /// <summary>Skips the rest of the current object.</summary>
    private static bool TrySkipRest(ref Utf8JsonReader reader)
    {
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndObject) return true;
            if (!reader.TrySkip()) return false;
        }

        return false;
    }

    /// <summary>Returns the reason of an exception, with the position in FaceGen's format.</summary>
    internal static string Describe(JsonException e)
    {
        int tail = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        string reason = DisplayText.Clean(tail < 0 ? e.Message : e.Message.Substring(0, tail));
        return $"Invalid JSON at position {e.BytePositionInLine + 1}: {reason.TrimEnd('.')}";
    }

    /// <summary>Reads a face image that ConvertTo-Json wrote as an object.</summary>
    /// <returns>False if the window ends before the object does.</returns>
    private static bool TryReadFace(ref Utf8JsonReader reader, RequestBuilder builder, RequestField field)
    {
        if (!JsonDocument.TryParseValue(ref reader, out JsonDocument? parsed)) return false;

        using JsonDocument face = parsed!;
        string? text = FaceImageReader.FindText(name => TolerantJson.ReadText(TolerantJson.GetProperty(face.RootElement, name)));
        builder.Set(field, text ?? (object)field.CreateInvalidErrorFor(DescribeToken(JsonTokenType.StartObject)));
        return true;
    }

    /// <summary>Reads a property that is not a field of the API: additional fields, columns, or one column.</summary>
    /// <returns>False if the window ends before the value does.</returns>
    private static bool TryReadOther(ref Utf8JsonReader reader, RequestRowBuilder builder, string name)
    {
        if (!JsonDocument.TryParseValue(ref reader, out JsonDocument? parsed)) return false;

        using JsonDocument document = parsed!;
        JsonElement value = document.RootElement;
        try
        {
            if (value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null) && RequestData.IsAdditionalFields(name)) builder.Row.AddError(RequestData.AdditionalFieldsError);
            else if (value.ValueKind != JsonValueKind.Object) builder.SetColumn(name, Format(value));
            else if (RequestData.IsAdditionalFields(name)) builder.Row.SetAdditionalFields(RequestData.ReadObject(value));
            else if (!RequestData.IsColumns(name)) builder.SetColumn(name, Format(value));
            else foreach (JsonProperty column in value.EnumerateObject()) builder.SetColumn(column.Name, Format(column.Value));
        }
        catch (InvalidOperationException)
        {
            builder.Row.AddError($"The property '{InvisibleCharacters.Escape(name, 60)}' has a text with half of a \\u surrogate pair.");
        }

        return true;
    }

    private static string Format(JsonElement value) => value.ValueKind == JsonValueKind.Null ? "" : value.ToString();

    private static void SetValue(ref Utf8JsonReader reader, RequestBuilder builder, RequestField field)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                if (ReadText(ref reader) is { } text) builder.Set(field, text);
                else builder.Set(field, field.CreateInvalidErrorFor("a text with half of a \\u surrogate pair"));
                break;
            case JsonTokenType.Number:
                builder.Set(field, ReadNumber(ref reader, field));
                break;
            case JsonTokenType.True or JsonTokenType.False:
                builder.Set(field, reader.GetBoolean());
                break;
            case JsonTokenType.Null:
                builder.Set(field, null);
                break;
            default:
                builder.Set(field, field.CreateInvalidErrorFor(DescribeToken(reader.TokenType)));
                break;
        }
    }

    /// <summary>
    /// Returns a number as it is written, since a double would round a long seed. A number with an exponent is returned as a double:
    /// a program wrote it, so no digit is missing. In a text, an exponent means that a spreadsheet has rounded the number.
    /// </summary>
    private static object ReadNumber(ref Utf8JsonReader reader, RequestField field)
    {
        string written = Encoding.UTF8.GetString(reader.ValueSpan.ToArray());
        return field.Kind != FieldKind.Text && written.IndexOfAny(['e', 'E']) >= 0 && reader.TryGetDouble(out double number) && !double.IsInfinity(number)
            ? number
            : written;
    }

    /// <summary>Returns the text of the token; null if an escape names half of a surrogate pair, which JSON allows.</summary>
    private static string? ReadText(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string DescribeToken(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "true or false",
    };
}
