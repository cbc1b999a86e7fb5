using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>JSON objects as they are sent and kept.</summary>
internal static class JsonObject
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
}
