using System.Text.Json;
using System.Text.Json.Nodes;

namespace FaceGen.Emulator.Journaling;

/// <summary>A call to which the emulator responded.</summary>
public sealed record JournalEntry
{
    /// <summary>Gets the number in the order of responses, from 1; set by the journal.</summary>
    public long Sequence { get; init; }

    /// <summary>Gets the time of the response on the emulator's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Gets the HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>Gets the path without the host.</summary>
    public required string Path { get; init; }

    /// <summary>Gets the HTTP status of the response; 0 if none was sent.</summary>
    public required int Status { get; init; }

    /// <summary>Gets the JSON body with the key redacted and long texts shortened; null if there is none.</summary>
    public string? Body { get; init; }

    /// <summary>Gets the number of body bytes; 0 if there is no body or it was not read.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Gets the service time of the generation, without its wait in the queue.</summary>
    public TimeSpan? ServiceTime { get; init; }

    /// <summary>Gets the generation that was accepted, fetched or downloaded.</summary>
    public long? GenerationId { get; init; }

    /// <summary>Gets the id of the injected fault; null if there is none.</summary>
    public string? Fault { get; init; }

    /// <summary>Gets the warnings about the call, such as an unknown field.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>A delivery to a request's webhook.</summary>
public sealed record WebhookDelivery
{
    /// <summary>Gets the time of sending on the emulator's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Gets the webhook's address.</summary>
    public required Uri Uri { get; init; }

    /// <summary>Gets the body that was sent.</summary>
    public required string Body { get; init; }

    /// <summary>Gets the generation of the webhook; a fault may put another id into the body.</summary>
    public long GenerationId { get; init; }

    /// <summary>Gets the HTTP status of the webhook's response; 0 if there is none.</summary>
    public int Status { get; init; }

    /// <summary>Gets why there is no response; null if there is one.</summary>
    public string? Error { get; init; }

    /// <summary>Gets the id of the fault that caused it; null if there is none.</summary>
    public string? Fault { get; init; }
}

/// <summary>Redacts a body for the journal: removes the key and base64 images.</summary>
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
