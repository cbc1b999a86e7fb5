using System.Text;
using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

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
            builder.Refuse($"A request must be a JSON object, not {kind}.");
            return true;
        }

        builder.ClearNames();
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndObject) return true;

            string name = ReadText(ref reader) ?? "";
            RequestField? field = RequestField.Find(name);
            if (!reader.Read()) return false;
            if (name == RequestBuilder.SidecarProperty && reader.TokenType == JsonTokenType.StartObject)
            {
                builder.BeginSidecar();
                return TryRead(ref reader, builder) && TrySkipRest(ref reader);
            }

            if (field is null)
            {
                builder.AddUnknownName(name);
            }
            else
            {
                builder.AddName(field, name);
                SetValue(ref reader, builder, field);
            }

            if (!reader.TrySkip()) return false;
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
            if (RequestField.Find(name) is not null || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) return false;
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

    private static void SetValue(ref Utf8JsonReader reader, RequestRowBuilder builder, RequestField field)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                if (ReadText(ref reader) is { } text) builder.Set(field, text);
                else builder.SetUnusable(field, "a text with half of a \\u surrogate pair");
                break;
            case JsonTokenType.Number:
                builder.Set(field, ReadNumber(ref reader, field));
                break;
            case JsonTokenType.True or JsonTokenType.False:
                builder.Set(field, reader.GetBoolean());
                break;
            case JsonTokenType.Null:
                builder.SetNull(field);
                break;
            default:
                builder.SetUnusable(field, DescribeToken(reader.TokenType));
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
        return !field.IsText && written.IndexOfAny(['e', 'E']) >= 0 && reader.TryGetDouble(out double number) && !double.IsInfinity(number)
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
