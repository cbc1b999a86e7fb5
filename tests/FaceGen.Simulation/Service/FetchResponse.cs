using System.Text;

namespace FaceGen.Simulation.Service;

/// <summary>One way in which the service, or the network before it, responds to a fetch.</summary>
/// <param name="Name">The name in a history.</param>
/// <param name="Make">Creates the response; null for a connection that breaks.</param>
internal sealed record FetchResponse(string Name, Func<SimulatedGeneration, HttpResponseMessage?> Make)
{
    /// <summary>True if the service never responds.</summary>
    internal bool IsSilent { get; init; }

    /// <summary>True if the connection is never made.</summary>
    internal bool IsNeverSent { get; init; }

    /// <summary>True if the response says that there is no such generation.</summary>
    internal bool Denies { get; init; }

    /// <summary>True if the service responds so for a while.</summary>
    internal bool Lasts { get; init; }

    /// <summary>Gets the ways besides the truth.</summary>
    internal static IReadOnlyList<FetchResponse> Unusual { get; } =
    [
        new("the connection breaks", _ => null),
        new("no response", _ => null) { IsSilent = true },
        new("never connected", _ => null) { IsNeverSent = true },
        new("not found", _ => Responses.Error("Request not found", 404)) { Denies = true },
        new("not found, for a while", _ => Responses.Error("Request not found", 404)) { Denies = true, Lasts = true },
        new("too many fetches", _ => Responses.Error("Rate limit exceeded.", 429)),
        new("a page of a proxy with 502", _ => Responses.Html(502)),
        new("a redirect", _ => Responses.Redirect()),
        new("an empty body", _ => Responses.Json("")),
        new("success without images", generation => Responses.Json($$"""{"status":"success","id":{{generation.Id}},"output":[]}""")),
        new("still processing, output as text", generation => Responses.Json($$"""{"status":"processing","id":{{generation.Id}},"output":""}""")),
        new("an unknown status", generation => Responses.Json($$"""{"status":"dreaming","id":{{generation.Id}}}""")),
        new("the key is refused", _ => Responses.Error("Invalid API key", 401)),
    ];
}

/// <summary>One way in which a link responds.</summary>
/// <param name="Name">The name in a history.</param>
/// <param name="Make">Creates the response of the image's bytes; null for a connection that breaks.</param>
internal sealed record LinkResponse(string Name, Func<byte[], HttpResponseMessage?> Make)
{
    /// <summary>True if the server never responds.</summary>
    internal bool IsSilent { get; init; }

    /// <summary>True if the generation's links respond so for a while.</summary>
    internal bool Lasts { get; init; }

    /// <summary>Gets the ways, the usual one first.</summary>
    internal static IReadOnlyList<LinkResponse> All { get; } =
    [
        new("the image", bytes => Responses.Bytes(bytes, "image/png")),
        new("the image as plain bytes", bytes => Responses.Bytes(bytes, "application/octet-stream")),
        new("the image as base64 text", bytes => Responses.Bytes(Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes)), "text/plain")),
        new("404", _ => Responses.Html(404)),
        new("404, for a while", _ => Responses.Html(404)) { Lasts = true },
        new("403", _ => Responses.Html(403)),
        new("429", _ => Responses.Html(429)),
        new("500", _ => Responses.Html(500)),
        new("a page in place of the image", _ => Responses.Html(200)),
        new("half of the image", bytes => Responses.Bytes(bytes[..(bytes.Length / 2)], "image/png")),
        new("the connection breaks", _ => null),
        new("no response", _ => null) { IsSilent = true },
    ];
}
