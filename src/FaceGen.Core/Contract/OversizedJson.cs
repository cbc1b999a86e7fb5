using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>
/// Reduces a JSON object with too many values to its scalar fields before it is parsed: <see cref="JsonElement"/> needs many
/// times the size of such a body. The status and the id, by which the images can be fetched, are kept.
/// </summary>
internal static class OversizedJson
{
    private const int MaxValues = 1_000_000;

    private const int MaxFields = 1000;

    /// <summary>Returns the body, or its scalar fields if it has more than a million values.</summary>
    /// <exception cref="JsonException">The body is too large and not JSON.</exception>
    internal static ReadOnlyMemory<byte> Reduce(ReadOnlyMemory<byte> body, JsonReaderOptions options) =>
        HasTooManyValues(body.Span, options) ? KeepScalarFields(body.Span, options) : body;

    private static bool HasTooManyValues(ReadOnlySpan<byte> body, JsonReaderOptions options)
    {
        // A value needs at least two bytes: a character and a comma.
        if (body.Length / 2 < MaxValues) return false;

        var reader = new Utf8JsonReader(body, options);
        for (int values = 0; values <= MaxValues; values++)
        {
            if (!reader.Read()) return false;
        }

        return true;
    }

    private static byte[] KeepScalarFields(ReadOnlySpan<byte> body, JsonReaderOptions options)
    {
        var reader = new Utf8JsonReader(body, options);
        reader.Read();
        using var json = new MemoryStream();
        int fields = 0;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1) continue;

            ReadOnlySpan<byte> name = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            if (fields++ >= MaxFields) continue;

            // The bytes are copied with their escapes.
            bool isText = reader.TokenType == JsonTokenType.String;
            json.WriteByte((byte)(fields == 1 ? '{' : ','));
            Write(json, name, isText: true);
            json.WriteByte((byte)':');
            Write(json, reader.ValueSpan, isText);
        }

        if (fields == 0) json.WriteByte((byte)'{');
        json.WriteByte((byte)'}');
        return json.ToArray();
    }

    private static void Write(MemoryStream json, ReadOnlySpan<byte> value, bool isText)
    {
        if (isText) json.WriteByte((byte)'"');
        byte[] bytes = value.ToArray();
        json.Write(bytes, 0, bytes.Length);
        if (isText) json.WriteByte((byte)'"');
    }
}
