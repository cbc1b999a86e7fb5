using System.Text;

namespace FaceGen.Simulation.Service;

/// <summary>One way in which the service, or the network before it, answers a poll.</summary>
/// <param name="Name">The name in a history.</param>
/// <param name="Make">Makes the answer; null for a connection that breaks.</param>
internal sealed record PollAnswer(string Name, Func<SimulatedGeneration, HttpResponseMessage?> Make)
{
    /// <summary>True if the service never answers.</summary>
    internal bool IsSilent { get; init; }

    /// <summary>True if the connection is never made.</summary>
    internal bool IsNeverSent { get; init; }

    /// <summary>True if the answer says that there is no such generation.</summary>
    internal bool Denies { get; init; }

    /// <summary>True if the service answers so for a while.</summary>
    internal bool Lasts { get; init; }

    /// <summary>Gets the ways besides the truth.</summary>
    internal static IReadOnlyList<PollAnswer> Unusual { get; } =
    [
        new("the connection breaks", _ => null),
        new("no answer", _ => null) { IsSilent = true },
        new("never connected", _ => null) { IsNeverSent = true },
        new("not found", _ => Reply.Error("Request not found", 404)) { Denies = true },
        new("not found, for a while", _ => Reply.Error("Request not found", 404)) { Denies = true, Lasts = true },
        new("too many polls", _ => Reply.Error("Rate limit exceeded.", 429)),
        new("a page of a proxy with 502", _ => Reply.Html(502)),
        new("a redirect", _ => Reply.Redirect()),
        new("an empty body", _ => Reply.Json("")),
        new("success without images", generation => Reply.Json($$"""{"status":"success","id":{{generation.Id}},"output":[]}""")),
        new("still processing, output as text", generation => Reply.Json($$"""{"status":"processing","id":{{generation.Id}},"output":""}""")),
        new("an unknown status", generation => Reply.Json($$"""{"status":"dreaming","id":{{generation.Id}}}""")),
        new("the key is refused", _ => Reply.Error("Invalid API key", 401)),
    ];
}

/// <summary>One way in which a link answers.</summary>
/// <param name="Name">The name in a history.</param>
/// <param name="Make">Makes the answer of the image's bytes; null for a connection that breaks.</param>
internal sealed record LinkAnswer(string Name, Func<byte[], HttpResponseMessage?> Make)
{
    /// <summary>True if the server never answers.</summary>
    internal bool IsSilent { get; init; }

    /// <summary>True if the generation's links answer so for a while.</summary>
    internal bool Lasts { get; init; }

    /// <summary>Gets the ways, the usual one first.</summary>
    internal static IReadOnlyList<LinkAnswer> All { get; } =
    [
        new("the image", bytes => Reply.Bytes(bytes, "image/png")),
        new("the image as plain bytes", bytes => Reply.Bytes(bytes, "application/octet-stream")),
        new("the image as base64 text", bytes => Reply.Bytes(Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes)), "text/plain")),
        new("404", _ => Reply.Html(404)),
        new("404, for a while", _ => Reply.Html(404)) { Lasts = true },
        new("403", _ => Reply.Html(403)),
        new("429", _ => Reply.Html(429)),
        new("500", _ => Reply.Html(500)),
        new("a page in place of the image", _ => Reply.Html(200)),
        new("half of the image", bytes => Reply.Bytes(bytes[..(bytes.Length / 2)], "image/png")),
        new("the connection breaks", _ => null),
        new("no answer", _ => null) { IsSilent = true },
    ];
}
