using FaceGen.Emulator.Http;
using FaceGen.Emulator.Http.Replies;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>The call is handled, a submission accepted and paid for, but the answer does not reach the caller.</summary>
internal static class LostResponseFaults
{
    private const int NestingDepth = 10_000;

    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("accepted-then-dropped", "Accepted, then the connection is dropped before a byte of the answer.",
            CallKinds.Submit, static () => new DroppedResponse()),
        Create("accepted-then-500", "Accepted, then HTTP 500 with a JSON error.", CallKinds.Submit,
            static () => ApiResponse.Error(StatusCodes.Status500InternalServerError, "Server Error")),
        Create("accepted-then-never-answered", "Accepted, then no answer ever: the connection stays open and silent.",
            CallKinds.Submit, static () => new HangingResponse()).AsNotTransient(),
        Create("dropped", "The connection is dropped before a byte of the answer.", CallKinds.Free,
            static () => new DroppedResponse()),
        Create("never-answered", "No answer ever: the connection stays open and silent.", CallKinds.Free,
            static () => new HangingResponse()).AsNotTransient(),
        Create("Q14-502-html", "Handled, then HTTP 502 with a proxy's HTML page.", CallKinds.Api,
            static () => ProxyPage.Create(StatusCodes.Status502BadGateway)),
        Create("Q14-504-html", "Handled, then HTTP 504 with a proxy's HTML page.", CallKinds.Api,
            static () => ProxyPage.Create(StatusCodes.Status504GatewayTimeout)),
        Create("Q14-524-html", "Handled, then HTTP 524 with a content network's HTML page.", CallKinds.Api,
            static () => ProxyPage.Create(ProxyPage.TimeoutOccurred)),
        Create("Q14-200-html", "Handled, then HTTP 200 with an HTML page.", CallKinds.Api,
            static () => ProxyPage.Create(StatusCodes.Status200OK)),
        Create("Q14-empty", "Handled, then HTTP 200 with an empty body.", CallKinds.Api,
            static () => RawResponse.Text(StatusCodes.Status200OK, "application/json", "")),
        Create("Q14-cut", "Handled, then the connection closes before Content-Length bytes of the answer.", CallKinds.Api,
            static answer => answer.ToRaw() with { Framing = BodyFraming.LengthCut }),
        Create("Q14-half", "Handled, then half of the answer with the Content-Length of that half.", CallKinds.Api,
            static answer => Half(answer.ToRaw())),
        Create("deep", "Handled, then an answer with arrays 10,000 deep.", CallKinds.Api,
            static answer => AddDeepNesting(answer.ToRaw())),
        Create("endless", "Handled, then an answer whose JSON never ends.", CallKinds.Api,
            static answer => new EndlessResponse("application/json", answer.ToRaw().Body[..^1])).AsNotTransient(),
    ];

    /// <summary>A fault that keeps the reply back altogether, whatever it is.</summary>
    private static Fault Create(string id, string description, IReadOnlyList<CallKind> kinds, Func<IResponse> reply) =>
        new(id, description, kinds, new FaultEffect.AfterHandling((_, _) => reply()));

    /// <summary>A fault that sends something of the answer.</summary>
    private static Fault Create(
        string id, string description, IReadOnlyList<CallKind> kinds, Func<ApiResponse, IResponse> reply) =>
        new(id, description, kinds, new FaultEffect.AfterHandling((_, good) => reply((ApiResponse)good)));

    private static RawResponse AddDeepNesting(RawResponse reply) => reply with
    {
        Body = (byte[])
        [
            .. reply.Body.Span[..^1],
            .. ",\"deep\":"u8,
            .. Enumerable.Repeat((byte)'[', NestingDepth),
            .. Enumerable.Repeat((byte)']', NestingDepth),
            (byte)'}',
        ],
    };

    private static RawResponse Half(RawResponse reply) => reply with { Body = reply.Body[..(reply.Body.Length / 2)] };
}
