using System.Text;
using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Takes one request from JSON: an object whose properties are the API's fields.</summary>
internal static class JsonRequestObject
{
    internal static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    /// <summary>Takes the value on whose first token the reader stands.</summary>
    /// <returns>False if the reader has not got all of it yet; then it is to be taken again from its start.</returns>
    internal static bool TryRead(ref Utf8JsonReader reader, RequestRowBuilder builder)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            string kind = DescribeToken(reader.TokenType);
            if (!reader.TrySkip()) return false;
            builder.Refuse($"A request must be an object, not {kind}.");
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
    /// Moves to the beginning of the array of rows that an object is around: its property <c>value</c>, which no request has.
    /// </summary>
    /// <returns>Whether there is one; null if the reader has too little text yet.</returns>
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

    /// <summary>Passes over what is left of the object in which the reader stands.</summary>
    private static bool TrySkipRest(ref Utf8JsonReader reader)
    {
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndObject) return true;
            if (!reader.TrySkip()) return false;
        }

        return false;
    }

    /// <summary>Says what is wrong, without the position in the library's own words.</summary>
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
                else builder.SetUnusable(field, "a text with half a \\u pair");
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
    /// A number as it is written: a double would round a long seed. One with an exponent is what a program makes of a number
    /// that it holds, and no digit is missing; in a text the same is what a spreadsheet has rounded.
    /// </summary>
    private static object ReadNumber(ref Utf8JsonReader reader, RequestField field)
    {
        string written = Encoding.UTF8.GetString(reader.ValueSpan.ToArray());
        return !field.IsText && written.IndexOfAny(['e', 'E']) >= 0 && reader.TryGetDouble(out double number) && !double.IsInfinity(number)
            ? number
            : written;
    }

    /// <summary>The token's text; null where an escape names half of a surrogate pair, which JSON allows.</summary>
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
