using System.Text.Json;
using System.Text.Json.Nodes;

namespace FaceGen.Emulator.Journaling;

/// <summary>One call that the emulator answered.</summary>
public sealed record JournalEntry
{
    /// <summary>The place in the order of answers, counted from 1; given by the journal.</summary>
    public long Sequence { get; init; }

    /// <summary>When it was answered, on the emulator's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>The path without the host.</summary>
    public required string Path { get; init; }

    /// <summary>The HTTP status of the answer; 0 where none was sent.</summary>
    public required int Status { get; init; }

    /// <summary>
    /// The JSON body as it came, but with the key blotted out and long texts shortened; null without one.
    /// </summary>
    public string? Body { get; init; }

    /// <summary>How many bytes the body had; 0 without one, and where it was not read.</summary>
    public long BytesReceived { get; init; }

    /// <summary>How long the generation takes that the call was about, not counting its wait in the queue.</summary>
    public TimeSpan? ServiceTime { get; init; }

    /// <summary>The generation that the call was about: just accepted, fetched or downloaded.</summary>
    public long? GenerationId { get; init; }

    /// <summary>The id of the fault that was injected; null where the call was served well.</summary>
    public string? Fault { get; init; }

    /// <summary>What was odd about the call though it was answered, such as an unknown field.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>One call that the emulator made to a request's webhook.</summary>
public sealed record WebhookDelivery
{
    /// <summary>When it went out, on the emulator's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The webhook that it went to.</summary>
    public required Uri Uri { get; init; }

    /// <summary>What it carried.</summary>
    public required string Body { get; init; }

    /// <summary>The generation whose webhook it is; the body may tell another id, where a fault makes it.</summary>
    public long GenerationId { get; init; }

    /// <summary>The HTTP status that the webhook answered; 0 where none came.</summary>
    public int Status { get; init; }

    /// <summary>Why no answer came; null where one did.</summary>
    public string? Error { get; init; }

    /// <summary>The id of the fault that made it; null where it is as it should be.</summary>
    public string? Fault { get; init; }
}

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
