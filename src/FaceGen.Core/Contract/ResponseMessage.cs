using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>Reads the messages and tips of a response. A message is a text, an array of texts, or an object of texts by field.</summary>
internal static class ResponseMessage
{
    private static readonly string[] MessageFields = ["message", "messege", "error", "detail"];

    /// <summary>The fields that say what to do, and sometimes why or how long to wait (Q38, Q40).</summary>
    private static readonly string[] TipFields = ["tip", "tips", "tip_1"];

    /// <summary>The fields of a validation error that are about the key and not about the request.</summary>
    private static readonly string[] KeyFields = ["key", "api_key"];

    /// <summary>The length, in characters, to which a message is read for classification: the reason stands at its beginning.</summary>
    private const int MaxLength = 2048;

    /// <summary>Returns the message in one line, or else the first tip; empty if there is neither.</summary>
    internal static string ReadForDisplay(JsonElement root)
    {
        string message = MessageFields.Select(name => string.Join(" ", ReadParts(TolerantJson.GetProperty(root, name)))).FirstOrDefault(text => text.Length > 0)
            ?? TipFields.Select(name => Join(root, name)).FirstOrDefault(tip => tip.Length > 0) ?? "";
        return DisplayText.Clean(message);
    }

    /// <summary>
    /// Returns the unchanged message if it is plain text or about the key; the tips if the message is empty; otherwise an empty text.
    /// </summary>
    internal static string ReadText(JsonElement root)
    {
        foreach (string name in MessageFields)
        {
            JsonElement value = TolerantJson.GetProperty(root, name);
            string text = value.ValueKind switch
            {
                JsonValueKind.Object when TolerantJson.GetProperty(value, "message") is { ValueKind: JsonValueKind.String } message => TolerantJson.ReadString(message) ?? "",
                JsonValueKind.Object => string.Join(" ", KeyFields.Select(field => Join(value, field)).Where(part => part.Length > 0)),
                JsonValueKind.Array => string.Join(" ", value.EnumerateArray().Take(TolerantJson.MaxTexts).Select(TolerantJson.ReadText).OfType<string>()),
                _ => TolerantJson.ReadText(value) ?? "",
            };
            if (text.Length > 0) return Truncate(text);
        }

        return MessageFields.Any(name => ReadParts(TolerantJson.GetProperty(root, name)).Any()) ? "" : ReadTips(root);
    }

    /// <summary>Returns the unchanged tips; empty if there are none.</summary>
    internal static string ReadTips(JsonElement root) => Truncate(string.Join(" ", TipFields.Select(name => Join(root, name)).Where(tip => tip.Length > 0)));

    private static IEnumerable<string> ReadParts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object when TolerantJson.GetProperty(value, "message") is { ValueKind: JsonValueKind.String } message => TolerantJson.ReadTexts(message),
        JsonValueKind.Object => value.EnumerateObject().Take(TolerantJson.MaxTexts)
            .Select(field => $"{TolerantJson.ReadName(field)}: {string.Join(" ", TolerantJson.ReadTexts(field.Value))}"),
        _ => TolerantJson.ReadTexts(value),
    };

    private static string Join(JsonElement parent, string name) => string.Join(" ", TolerantJson.ReadTexts(TolerantJson.GetProperty(parent, name)));

    private static string Truncate(string text) => text.Length <= MaxLength ? text : text.Substring(0, MaxLength);
}
