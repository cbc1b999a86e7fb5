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

    private const string GenericMessage = "Something went wrong. The request was not processed.";

    internal static readonly IReadOnlyList<Fault> All =
    [
        new("request-dropped", "The connection is dropped while the request is being read.", CallKinds.Api,
            new FaultEffect.WithoutHandling(static _ => new DroppedResponse()) { CanHitBeforeBody = true }),
        Create("unavailable", "HTTP 503 with the API's own JSON error.", CallKinds.Api,
            static _ => Error(StatusCodes.Status503ServiceUnavailable, "The server is under maintenance.")),
        Create("unavailable-html", "HTTP 503 with a proxy's HTML page.", CallKinds.Api,
            static _ => ProxyPage.Create(StatusCodes.Status503ServiceUnavailable)),
        Create("Q1-error", "HTTP 200 with status error and no id.", CallKinds.Submit,
            static _ => Error(StatusCodes.Status200OK, GenericMessage)),
        Create("Q2-message-object", "HTTP 200 with status error, its message an object of arrays by field.", CallKinds.Submit,
            static _ => Error(StatusCodes.Status200OK, new JsonObject
            {
                ["face_image"] = new JsonArray("The face image field is required."),
            })),
        Create("Q3-code", "HTTP 200 with status error and a code beside the message.", CallKinds.Submit,
            static _ => WithField(Error(StatusCodes.Status200OK, GenericMessage), "code", 1001)),
        Create("Q4-messege", "HTTP 200 with status error, the message in messege.", CallKinds.Submit,
            static _ => ErrorInField("messege", GenericMessage)),
        Create("Q4-error", "HTTP 200 with status error, the message in error.", CallKinds.Submit,
            static _ => ErrorInField("error", GenericMessage)),
        Create("Q4-error-message", "HTTP 200 with status error, the message in error.message.", CallKinds.Submit,
            static _ => ErrorInField("error", new JsonObject { ["message"] = GenericMessage })),
        Create("Q13-out-of-credits", "HTTP 200 with status error: out of credits, in prose.", CallKinds.Submit,
            static _ => Error(StatusCodes.Status200OK, "You are out of credits. Please top up your wallet."))
            .AsNotTransient(),
        Create("not-in-plan", "HTTP 403: the account's plan does not include this.", CallKinds.SubmitAndUpload,
            static _ => Error(StatusCodes.Status403Forbidden, "This is not included in your plan."))
            .AsNotTransient(),
        Create("key-in-refusal", "HTTP 400 with the caller's key in the message.", CallKinds.Submit,
            static context => Error(StatusCodes.Status400BadRequest, EchoKey(context))),
        Create("control-sequences", "HTTP 400 with terminal control sequences in the message.", CallKinds.Submit,
            static _ => Error(StatusCodes.Status400BadRequest, ControlSequences)),
        Create("Q23-other-key", "An error for the id, as for one that was submitted with another key.", CallKinds.Fetch,
            static _ => Error(StatusCodes.Status200OK, "No request with this id belongs to this key."))
            .AsPermanent(),
        Create("Q24-429", "HTTP 429 on fetch, with retry_after.", CallKinds.Fetch,
            static context => ApiResponse.RateLimited("Too many requests.", context.WaitSeconds)),
        Create("Q24-500", "HTTP 500 on fetch, with a JSON error.", CallKinds.Fetch,
            static _ => Error(StatusCodes.Status500InternalServerError, "Server Error")),
        Create("rate-limited", "HTTP 429 with retry_after.", CallKinds.UploadAndAccount,
            static context => ApiResponse.RateLimited("Too many requests.", context.WaitSeconds)),
        Create("key-in-500", "HTTP 500 with the caller's key in the message.",
            [CallKind.Fetch, .. CallKinds.UploadAndAccount],
            static context => Error(StatusCodes.Status500InternalServerError, EchoKey(context))),
    ];

    private static Fault Create(
        string id, string description, IReadOnlyList<CallKind> kinds, Func<FaultContext, IResponse> reply) =>
        new(id, description, kinds, new FaultEffect.WithoutHandling(reply));

    private static ApiResponse Error(int statusCode, JsonNode message) => ApiResponse.Error(statusCode, message);

    private static string EchoKey(FaultContext context) => $"Could not process {{\"key\":\"{context.Key}\"}}.";

    private static ApiResponse ErrorInField(string field, JsonNode message) =>
        new(StatusCodes.Status200OK, new JsonObject { ["status"] = "error", [field] = message });

    private static ApiResponse WithField(ApiResponse answer, string field, JsonNode value)
    {
        answer.Body[field] = value;
        return answer;
    }
}
