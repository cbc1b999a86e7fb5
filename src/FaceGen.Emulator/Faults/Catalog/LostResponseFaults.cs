using FaceGen.Emulator.Http;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Faults.Catalog;

/// <summary>
/// Faults that lose the response to a handled call: a submission is accepted and paid for, and the caller does not
/// learn it.
/// </summary>
internal static class LostResponseFaults
{
    private const int NestingDepth = 10_000;

    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("accepted-then-dropped", "Accepted, then the connection is dropped before a byte of the response.",
            CallKinds.Submit, static () => new DroppedResponse()),
        Create("accepted-then-500", "Accepted, then HTTP 500 with a JSON error.", CallKinds.Submit,
            static () => ApiResponse.InternalError),
        CreateRefused("Q46-429-with-id", "Accepted, then HTTP 429 with status error and the id.", StatusCodes.Status429TooManyRequests,
            "Rate limit exceeded."),
        CreateRefused("Q46-400-with-id", "Accepted, then HTTP 400 with status error and the id.", StatusCodes.Status400BadRequest,
            "The request was not processed."),
        Create("accepted-then-never-answered", "Accepted, then no response: the connection stays open and silent.",
            CallKinds.Submit, static () => new HangingResponse()).AsNotTransient(),
        Create("dropped", "The connection is dropped before a byte of the response.", CallKinds.Free,
            static () => new DroppedResponse()),
        Create("never-answered", "No response: the connection stays open and silent.", CallKinds.Free,
            static () => new HangingResponse()).AsNotTransient(),
        Create("Q14-502-html", "Handled, then HTTP 502 with a proxy's HTML page.", CallKinds.Api,
            static () => ProxyPage.Create(StatusCodes.Status502BadGateway)),
        Create("Q14-504-html", "Handled, then HTTP 504 with a proxy's HTML page.", CallKinds.Api,
            static () => ProxyPage.Create(StatusCodes.Status504GatewayTimeout)),
        Create("Q14-524-html", "Handled, then HTTP 524 with a CDN's HTML page.", CallKinds.Api,
            static () => ProxyPage.Create(ProxyPage.TimeoutOccurred)),
        Create("Q14-200-html", "Handled, then HTTP 200 with an HTML page.", CallKinds.Api,
            static () => ProxyPage.Create(StatusCodes.Status200OK)),
        Create("Q14-empty", "Handled, then HTTP 200 with an empty body.", CallKinds.Api,
            static () => RawResponse.Text(StatusCodes.Status200OK, "application/json", "")),
        Create("Q14-cut", "Handled, then the connection closes before Content-Length bytes of the response.", CallKinds.Api,
            static response => response.ToRaw() with { Framing = BodyFraming.LengthCut }),
        Create("Q14-half", "Handled, then half of the response with the Content-Length of that half.", CallKinds.Api,
            static response => response.ToRaw().Half()),
        Create("deep", "Handled, then a response with arrays nested 10,000 deep.", CallKinds.Api,
            static response => AddDeepNesting(response.ToRaw())),
        Create("endless", "Handled, then a response whose JSON never ends.", CallKinds.Api,
            static response => new EndlessResponse("application/json", response.ToRaw().Body[..^1])).AsNotTransient(),
    ];

    /// <summary>Creates a fault that withholds the response entirely.</summary>
    private static Fault Create(string id, string description, IReadOnlyList<CallKind> kinds, Func<IResponse> createResponse) =>
        new(id, description, kinds, new FaultEffect.AfterHandling((_, _) => createResponse()));

    /// <summary>Creates a fault that responds with an error that has the id of the accepted request.</summary>
    private static Fault CreateRefused(string id, string description, int statusCode, string message) =>
        new(id, description, CallKinds.Submit, new FaultEffect.AfterHandling((context, _) =>
        {
            ApiResponse response = ApiResponse.Error(statusCode, message);
            response.Body["id"] = context.Generation!.ReportedId;
            return response;
        }));

    /// <summary>Creates a fault that sends part of the response.</summary>
    private static Fault Create(
        string id, string description, IReadOnlyList<CallKind> kinds, Func<ApiResponse, IResponse> alterResponse) =>
        new(id, description, kinds, new FaultEffect.AfterHandling((_, response) => alterResponse((ApiResponse)response)));

    private static RawResponse AddDeepNesting(RawResponse response) => response with
    {
        Body = (byte[])
        [
            .. response.Body.Span[..^1],
            .. ",\"deep\":"u8,
            .. Enumerable.Repeat((byte)'[', NestingDepth),
            .. Enumerable.Repeat((byte)']', NestingDepth),
            (byte)'}',
        ],
    };
}
