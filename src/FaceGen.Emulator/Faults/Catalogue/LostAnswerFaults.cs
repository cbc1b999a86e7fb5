using FaceGen.Emulator.Http;
using FaceGen.Emulator.Http.Replies;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>The call is handled, a submission accepted and paid for, but the answer does not reach the caller.</summary>
internal static class LostAnswerFaults
{
    private const int Depth = 10_000;

    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("accepted-then-dropped", "Accepted, then the connection is dropped before a byte of the answer.",
            Kinds.Submit, static () => new DroppedReply()),
        Create("accepted-then-500", "Accepted, then HTTP 500 with a JSON error.", Kinds.Submit,
            static () => ApiAnswer.Error(StatusCodes.Status500InternalServerError, "Server Error")),
        Create("accepted-then-never-answered", "Accepted, then no answer ever: the connection stays open and silent.",
            Kinds.Submit, static () => new HangingReply()).ByNameOnly(),
        Create("dropped", "The connection is dropped before a byte of the answer.", Kinds.Free,
            static () => new DroppedReply()),
        Create("never-answered", "No answer ever: the connection stays open and silent.", Kinds.Free,
            static () => new HangingReply()).ByNameOnly(),
        Create("Q14-502-html", "Handled, then HTTP 502 with a proxy's HTML page.", Kinds.Api,
            static () => ProxyPage.Of(StatusCodes.Status502BadGateway)),
        Create("Q14-504-html", "Handled, then HTTP 504 with a proxy's HTML page.", Kinds.Api,
            static () => ProxyPage.Of(StatusCodes.Status504GatewayTimeout)),
        Create("Q14-524-html", "Handled, then HTTP 524 with a content network's HTML page.", Kinds.Api,
            static () => ProxyPage.Of(ProxyPage.TimeoutOccurred)),
        Create("Q14-200-html", "Handled, then HTTP 200 with an HTML page.", Kinds.Api,
            static () => ProxyPage.Of(StatusCodes.Status200OK)),
        Create("Q14-empty", "Handled, then HTTP 200 with an empty body.", Kinds.Api,
            static () => RawReply.Text(StatusCodes.Status200OK, "application/json", "")),
        Create("Q14-cut", "Handled, then the connection closes before Content-Length bytes of the answer.", Kinds.Api,
            static answer => answer.ToRaw() with { Framing = Framing.LengthCut }),
        Create("Q14-half", "Handled, then half of the answer with the Content-Length of that half.", Kinds.Api,
            static answer => Half(answer.ToRaw())),
        Create("deep", "Handled, then an answer with arrays 10,000 deep.", Kinds.Api,
            static answer => Deep(answer.ToRaw())),
        Create("endless", "Handled, then an answer whose JSON never ends.", Kinds.Api,
            static answer => new EndlessReply("application/json", answer.ToRaw().Body[..^1])).ByNameOnly(),
    ];

    /// <summary>A fault that keeps the reply back altogether, whatever it is.</summary>
    private static Fault Create(string id, string description, IReadOnlyList<CallKind> kinds, Func<IReply> reply) =>
        new(id, description, kinds, new FaultEffect.After((_, _) => reply()));

    /// <summary>A fault that sends something of the answer.</summary>
    private static Fault Create(
        string id, string description, IReadOnlyList<CallKind> kinds, Func<ApiAnswer, IReply> reply) =>
        new(id, description, kinds, new FaultEffect.After((_, good) => reply((ApiAnswer)good)));

    private static RawReply Deep(RawReply reply) => reply with
    {
        Body = (byte[])
        [
            .. reply.Body.Span[..^1],
            .. ",\"deep\":"u8,
            .. Enumerable.Repeat((byte)'[', Depth),
            .. Enumerable.Repeat((byte)']', Depth),
            (byte)'}',
        ],
    };

    private static RawReply Half(RawReply reply) => reply with { Body = reply.Body[..(reply.Body.Length / 2)] };
}
