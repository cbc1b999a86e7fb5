using System.Text.Json;
using System.Text.Json.Nodes;

namespace FaceGen.Emulator.Journaling;

/// <summary>Makes of a call's body what the journal may hold: no key, and no pictures in base64.</summary>
internal static class Redaction
{
    private const int MaxTextLength = 512;
    private const int ShortenedLength = 48;

    internal static string Redact(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
            return Shorten(body.GetRawText());

        var redacted = new JsonObject();
        foreach (JsonProperty field in body.EnumerateObject())
        {
            redacted[field.Name] = field.Value.ValueKind switch
            {
                _ when field.NameEquals("key") => "***",
                JsonValueKind.String => Shorten(field.Value.GetString()!),
                JsonValueKind.Object or JsonValueKind.Array => Shorten(field.Value.GetRawText()),
                _ => JsonValue.Create(field.Value.Clone()),
            };
        }

        return redacted.ToJsonString();
    }

    private static string Shorten(string text) =>
        text.Length <= MaxTextLength ? text : $"{text[..ShortenedLength]}... ({text.Length} characters)";
}
