using System.Globalization;
using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>Writes JSON objects.</summary>
internal static class JsonObjectWriter
{
    /// <summary>Returns a JSON object in UTF-8.</summary>
    /// <param name="writeFields">Writes the object's properties.</param>
    /// <param name="options">The options of the writer.</param>
    internal static byte[] Write(Action<Utf8JsonWriter> writeFields, JsonWriterOptions options = default) => WriteValue(
        json =>
        {
            json.WriteStartObject();
            writeFields(json);
            json.WriteEndObject();
        },
        options);

    /// <summary>Returns a JSON value in UTF-8.</summary>
    /// <param name="writeValue">Writes the value.</param>
    /// <param name="options">The options of the writer.</param>
    internal static byte[] WriteValue(Action<Utf8JsonWriter> writeValue, JsonWriterOptions options = default)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, options)) writeValue(json);
        return buffer.ToArray();
    }

    /// <summary>Writes a property with an id: a number if the text is an integer in its usual form, otherwise a text.</summary>
    internal static void WriteIdentifier(this Utf8JsonWriter json, string name, string id)
    {
        if (IsInteger(id, out long number)) json.WriteNumber(name, number);
        else json.WriteString(name, id);
    }

    /// <summary>True if a text is an integer in its usual form, without leading zeros or spaces, which a number would not keep.</summary>
    internal static bool IsInteger(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) && number.ToString(CultureInfo.InvariantCulture) == text;

    /// <summary>
    /// Writes a number in its shortest exact form. On .NET Framework, <see cref="Utf8JsonWriter"/> writes 0.1 as
    /// 0.10000000000000001, and the format "R" is not exact for every number.
    /// </summary>
    internal static void WriteShortestNumber(this Utf8JsonWriter json, double number)
    {
        string shortest = number.ToString("R", CultureInfo.InvariantCulture);
        bool isExact = double.Parse(shortest, CultureInfo.InvariantCulture).Equals(number);
        json.WriteRawValue(isExact ? shortest : number.ToString("G17", CultureInfo.InvariantCulture));
    }

    /// <summary>Writes a property with a number in its shortest exact form.</summary>
    internal static void WriteShortestNumber(this Utf8JsonWriter json, string name, double number)
    {
        json.WritePropertyName(name);
        json.WriteShortestNumber(number);
    }
}
