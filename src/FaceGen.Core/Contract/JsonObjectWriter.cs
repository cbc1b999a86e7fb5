using System.Globalization;
using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>JSON objects as they are sent and kept.</summary>
internal static class JsonObjectWriter
{
    /// <summary>An object in UTF-8.</summary>
    /// <param name="writeFields">Writes what stands in it.</param>
    /// <param name="options">How it is written.</param>
    internal static byte[] Write(Action<Utf8JsonWriter> writeFields, JsonWriterOptions options = default)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            json.WriteStartObject();
            writeFields(json);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>
    /// Writes a number as it was typed or told: by itself the writer makes 0.10000000000000001 of 0.1 on Windows PowerShell's
    /// framework, whose shortest form in turn is not every number's own.
    /// </summary>
    internal static void WriteShortestNumber(this Utf8JsonWriter json, string name, double number)
    {
        string shortest = number.ToString("R", CultureInfo.InvariantCulture);
        bool isExact = double.Parse(shortest, CultureInfo.InvariantCulture).Equals(number);
        json.WritePropertyName(name);
        json.WriteRawValue(isExact ? shortest : number.ToString("G17", CultureInfo.InvariantCulture));
    }
}
