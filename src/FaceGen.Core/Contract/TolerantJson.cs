using System.Globalization;
using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>
/// Reads JSON values that may have another type than documented. A value that cannot be read, such as a text that is not valid
/// Unicode, which <see cref="JsonElement"/> detects only on access, is null; so is the text "null".
/// </summary>
internal static class TolerantJson
{
    /// <summary>The maximum number of texts read from one field: several times the images, links and messages of a response.</summary>
    internal const int MaxTexts = 1000;

    /// <summary>Returns a property of an object; the default element if there is no such property or no object.</summary>
    internal static JsonElement GetProperty(JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object) return default;

        try
        {
            return parent.TryGetProperty(name, out JsonElement value) ? value : default;
        }
        catch (InvalidOperationException)
        {
            // The name of another property is not valid Unicode.
            return parent.EnumerateObject().LastOrDefault(property => ReadName(property) == name).Value;
        }
    }

    internal static double? ReadNumber(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetDouble(out double number) && !double.IsInfinity(number) => number,
        JsonValueKind.String when double.TryParse(ReadString(value), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && !double.IsNaN(number) && !double.IsInfinity(number) => number,
        _ => null,
    };

    internal static long? ReadInteger(JsonElement value) =>
        long.TryParse(ReadText(value), NumberStyles.Integer, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>Returns a text, or a number as text.</summary>
    internal static string? ReadText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => ReadString(value),
        JsonValueKind.Number => value.GetRawText(),
        _ => null,
    };

    /// <summary>Returns the texts, trimmed and without empty ones, of a string, an array or an object's values, nested ones included.</summary>
    internal static List<string> ReadTexts(JsonElement value)
    {
        List<string> texts = [];
        Add(value);
        return texts;

        void Add(JsonElement element)
        {
            if (texts.Count >= MaxTexts) return;

            switch (element.ValueKind)
            {
                case JsonValueKind.String:
                    if (ReadString(element)?.Trim() is { Length: > 0 } text) texts.Add(text);
                    break;
                case JsonValueKind.Array:
                    foreach (JsonElement item in element.EnumerateArray()) Add(item);
                    break;
                case JsonValueKind.Object:
                    foreach (JsonProperty property in element.EnumerateObject()) Add(property.Value);
                    break;
            }
        }
    }

    internal static string? ReadString(JsonElement value)
    {
        try
        {
            return value.GetString() is { } text && !text.Trim().Equals("null", StringComparison.OrdinalIgnoreCase) ? text : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Returns a property's name; empty if it is not valid Unicode.</summary>
    internal static string ReadName(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }
}
