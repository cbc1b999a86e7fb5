using System.Text.Json.Nodes;
using FaceGen.Emulator.Http;
using FaceGen.Emulator.Http.Replies;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Calls that are refused: nothing is accepted.</summary>
internal static class RefusalFaults
{
    /// <summary>Sets the title, clears the screen, colours, and goes back over what was written.</summary>
    private const string ControlSequences = "\e]0;title\a\e[2J\e[31mNot processed.\e[0m\u009b1A\r\n\b";

    private const string Sorry = "Something went wrong. The request was not processed.";

    internal static readonly IReadOnlyList<Fault> All =
    [
        new("request-dropped", "The connection is dropped while the request is being read.", Kinds.Api,
            new FaultEffect.Instead(static _ => new DroppedReply()) { ComesBeforeBody = true }),
        Create("unavailable", "HTTP 503 with the API's own JSON error.", Kinds.Api,
            static _ => Error(StatusCodes.Status503ServiceUnavailable, "The server is under maintenance.")),
        Create("unavailable-html", "HTTP 503 with a proxy's HTML page.", Kinds.Api,
            static _ => ProxyPage.Of(StatusCodes.Status503ServiceUnavailable)),
        Create("Q1-error", "HTTP 200 with status error and no id.", Kinds.Submit,
            static _ => Error(StatusCodes.Status200OK, Sorry)),
        Create("Q2-message-object", "HTTP 200 with status error, its message an object of arrays by field.", Kinds.Submit,
            static _ => Error(StatusCodes.Status200OK, new JsonObject
            {
                ["face_image"] = new JsonArray("The face image field is required."),
            })),
        Create("Q3-code", "HTTP 200 with status error and a code beside the message.", Kinds.Submit,
            static _ => With(Error(StatusCodes.Status200OK, Sorry), "code", 1001)),
        Create("Q4-messege", "HTTP 200 with status error, the message in messege.", Kinds.Submit,
            static _ => SaidElsewhere("messege", Sorry)),
        Create("Q4-error", "HTTP 200 with status error, the message in error.", Kinds.Submit,
            static _ => SaidElsewhere("error", Sorry)),
        Create("Q4-error-message", "HTTP 200 with status error, the message in error.message.", Kinds.Submit,
            static _ => SaidElsewhere("error", new JsonObject { ["message"] = Sorry })),
        Create("Q13-out-of-credits", "HTTP 200 with status error: out of credits, in prose.", Kinds.Submit,
            static _ => Error(StatusCodes.Status200OK, "You are out of credits. Please top up your wallet."))
            .ByNameOnly(),
        Create("not-in-plan", "HTTP 403: the account's plan does not include this.", Kinds.SubmitAndUpload,
            static _ => Error(StatusCodes.Status403Forbidden, "This is not included in your plan."))
            .ByNameOnly(),
        Create("key-in-refusal", "HTTP 400 with the caller's key in the message.", Kinds.Submit,
            static context => Error(StatusCodes.Status400BadRequest, Echo(context))),
        Create("control-sequences", "HTTP 400 with terminal control sequences in the message.", Kinds.Submit,
            static _ => Error(StatusCodes.Status400BadRequest, ControlSequences)),
        Create("Q23-other-key", "An error for the id, as for one that was submitted with another key.", Kinds.Fetch,
            static _ => Error(StatusCodes.Status200OK, "No request with this id belongs to this key."))
            .ForGood(),
        Create("Q24-429", "HTTP 429 on fetch, with retry_after.", Kinds.Fetch,
            static context => ApiAnswer.RateLimited("Too many requests.", context.WaitSeconds)),
        Create("Q24-500", "HTTP 500 on fetch, with a JSON error.", Kinds.Fetch,
            static _ => Error(StatusCodes.Status500InternalServerError, "Server Error")),
        Create("rate-limited", "HTTP 429 with retry_after.", Kinds.UploadAndAccount,
            static context => ApiAnswer.RateLimited("Too many requests.", context.WaitSeconds)),
        Create("key-in-500", "HTTP 500 with the caller's key in the message.",
            [CallKind.Fetch, .. Kinds.UploadAndAccount],
            static context => Error(StatusCodes.Status500InternalServerError, Echo(context))),
    ];

    private static Fault Create(
        string id, string description, IReadOnlyList<CallKind> kinds, Func<FaultContext, IReply> reply) =>
        new(id, description, kinds, new FaultEffect.Instead(reply));

    private static ApiAnswer Error(int statusCode, JsonNode message) => ApiAnswer.Error(statusCode, message);

    private static string Echo(FaultContext context) => $"Could not process {{\"key\":\"{context.Key}\"}}.";

    private static ApiAnswer SaidElsewhere(string field, JsonNode said) =>
        new(StatusCodes.Status200OK, new JsonObject { ["status"] = "error", [field] = said });

    private static ApiAnswer With(ApiAnswer answer, string field, JsonNode value)
    {
        answer.Body[field] = value;
        return answer;
    }
}
