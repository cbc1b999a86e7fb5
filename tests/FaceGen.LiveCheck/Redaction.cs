using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.LiveCheck;

/// <summary>
/// Removes from the report what must not be shared: the key, links and what could be a part of one, images, and the balance. Only JSON
/// and short texts are shown at all.
/// </summary>
internal sealed partial class Redaction(ApiKey key)
{
    /// <summary>The length, in characters, from which a text of the service is not shown.</summary>
    private const int MaxTextLength = 300;

    /// <summary>The number of items of an array or an object that are shown.</summary>
    private const int MaxItems = 40;

    private readonly Dictionary<string, int> _links = new(StringComparer.Ordinal);

    /// <summary>Returns a text without keys, links and long tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="maxLength">The length from which only the length is returned.</param>
    internal string Redact(string text, int maxLength = MaxTextLength)
    {
        text = key.Redact(text);
        if (text.Length > maxLength) return $"[{text.Length} characters]";

        text = Link().Replace(DisplayText.Clean(text, maxLength), link => NameLink(link.Value));
        return Token().Replace(text, token => token.Value.Any(char.IsAsciiDigit) ? $"[{token.Length} characters]" : token.Value);
    }

    /// <summary>Returns JSON of several lines with each name and text redacted.</summary>
    internal string Redact(JsonElement value) =>
        Encoding.UTF8.GetString(JsonObjectWriter.WriteValue(json => Write(json, value, ""), new JsonWriterOptions { Indented = true }));

    /// <summary>Returns the name of a link, the same for the same link.</summary>
    internal string NameLink(string link)
    {
        if (!_links.TryGetValue(link, out int number)) _links[link] = number = _links.Count + 1;
        return $"[link {number}]";
    }

    private void Write(Utf8JsonWriter json, JsonElement value, string name)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (JsonProperty property in value.EnumerateObject().Take(MaxItems))
                {
                    string propertyName = TolerantJson.ReadName(property);
                    json.WritePropertyName(Redact(propertyName));
                    Write(json, property.Value, propertyName);
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (JsonElement item in value.EnumerateArray().Take(MaxItems)) Write(json, item, name);
                json.WriteEndArray();
                break;
            case JsonValueKind.String:
                json.WriteStringValue(Redact(TolerantJson.ReadString(value) ?? "[invalid text]"));
                break;
            case JsonValueKind.Number when name.Contains("balance", StringComparison.OrdinalIgnoreCase):
                json.WriteStringValue("[number]");
                break;
            case JsonValueKind.Number:
                json.WriteRawValue(value.GetRawText());
                break;
            default:
                value.WriteTo(json);
                break;
        }
    }

    /// <summary>Matches a link with any scheme, escaped or not, or a host with a path.</summary>
    [GeneratedRegex(@"[a-z][a-z0-9+.-]*(?::|%3a)(?:\\*/|%2f){2}[^\s""'<>]*|\b[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/|%2f)[^\s""'<>]*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Link();

    /// <summary>Matches what can be a part of a link, a secret, or an image as text.</summary>
    [GeneratedRegex(@"[A-Za-z0-9+/=_%\\-]{16,}", RegexOptions.CultureInvariant)]
    private static partial Regex Token();
}
