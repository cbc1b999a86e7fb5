using System.Globalization;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace FaceGen.Emulator.Faults.Catalog;

/// <summary>Faults that reject a call: nothing is accepted.</summary>
internal static class RefusalFaults
{
    /// <summary>Sets the title, clears the screen, changes colors and overwrites output.</summary>
    private const string ControlSequences = "\e]0;title\a\e[2J\e[31mNot processed.\e[0m\u009b1A\r\n\b";

    private const string GenericMessage = "Something went wrong. The request was not processed.";

    internal static readonly IReadOnlyList<Fault> All =
    [
        new("request-dropped", "The connection is dropped while the request is read.", CallKinds.Api,
            new FaultEffect.WithoutHandling(static _ => new DroppedResponse()) { CanHitBeforeBody = true }),
        Create("unavailable", "HTTP 503 with the API's own JSON error.", CallKinds.Api,
            static _ => Error(StatusCodes.Status503ServiceUnavailable, "Service temporarily unavailable. Please try again later.")),
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
        Create("Q13-out-of-credits", "HTTP 200 with status error: out of credits, as a sentence.", CallKinds.Submit,
            static _ => Error(StatusCodes.Status200OK, "You are out of credits. Please top up your wallet."))
            .AsNotTransient(),
        Create("not-in-plan", "HTTP 403: the account's plan does not include this.", CallKinds.SubmitAndUpload,
            static _ => Error(StatusCodes.Status403Forbidden, "This feature requires a premium subscription"))
            .AsNotTransient(),
        AccountWide("Q43-monthly-limit", "the plan's monthly limit",
            "Your monthly limit exceeded, upgrade subscription to continue"),
        AccountWide("Q43-wallet", "the wallet", "Insufficient wallet balance"),
        AccountWide("Q43-premium", "the plan", "This feature requires a premium subscription"),
        AccountWide("Q43-key-required", "the key", "API key required"),
        Create("Q35-inline-face", "HTTP 400 for a face image as base64 without base64 true; a link is accepted.", CallKinds.Submit,
            static context => context.ReadRequest() is { LacksBase64: true } ? GenerationEndpoints.Base64Required : null),
        Create("Q39-failed-try-again", "HTTP 200 with status failed, an empty id, and \"Failed, Try Again\".", CallKinds.SubmitAndFetch,
            static _ => ApiResponse.Failed(new JsonObject { ["id"] = "", ["message"] = "Failed, Try Again", ["output"] = "" }))
            .AsNotTransient(),
        Create("key-in-refusal", "HTTP 400 with the caller's key in the message.", CallKinds.Submit,
            static context => Error(StatusCodes.Status400BadRequest, EchoKey(context))),
        Create("control-sequences", "HTTP 400 with terminal control sequences in the message.", CallKinds.Submit,
            static _ => Error(StatusCodes.Status400BadRequest, ControlSequences)),
        Create("Q23-other-key", "An error for the id, as if another key had submitted it.", CallKinds.Fetch,
            static _ => Error(StatusCodes.Status200OK, "No request with this id belongs to this key."))
            .AsPermanent(),
        Create("Q24-429", "HTTP 429 on fetch, with retry_after.", CallKinds.Fetch,
            static context => ApiResponse.RateLimited("Too many requests.", context.WaitSeconds)),
        Create("Q24-500", "HTTP 500 on fetch, with a JSON error.", CallKinds.Fetch,
            static _ => ApiResponse.InternalError),
        Create("rate-limited", "HTTP 429 with retry_after.", CallKinds.UploadAndAccount,
            static context => ApiResponse.RateLimited("Too many requests.", context.WaitSeconds)),
        Create("count-by-get", "HTTP 405 for a POST of request_count; GET is answered.", [CallKind.Account],
            static context => context.Call is { Path: Routes.RequestCount } call && HttpMethods.IsPost(call.Method)
                ? Error(StatusCodes.Status405MethodNotAllowed, "The POST method is not supported for this route.") : null),
        Create("key-in-500", "HTTP 500 with the caller's key in the message.",
            [CallKind.Fetch, .. CallKinds.UploadAndAccount],
            static context => Error(StatusCodes.Status500InternalServerError, EchoKey(context))),
    ];

    private static Fault Create(
        string id, string description, IReadOnlyList<CallKind> kinds, Func<FaultContext, IResponse?> createResponse) =>
        new(id, description, kinds, new FaultEffect.WithoutHandling(createResponse));

    /// <summary>Creates the refusal of a call that every other call would get too, in words that public clients report.</summary>
    private static Fault AccountWide(string id, string reason, string message) =>
        Create(id, $"HTTP 200 with status error: a refusal because of {reason}, as a sentence.", CallKinds.Submit,
            _ => Error(StatusCodes.Status200OK, message)).AsNotTransient();

    private static ApiResponse Error(int statusCode, JsonNode message) => ApiResponse.Error(statusCode, message);

    private static string EchoKey(FaultContext context) => $"Could not process {{\"key\":\"{context.Key}\"}}.";

    private static ApiResponse ErrorInField(string field, JsonNode message) =>
        new(StatusCodes.Status200OK, new JsonObject { ["status"] = "error", [field] = message });

    private static ApiResponse WithField(ApiResponse response, string field, JsonNode value)
    {
        response.Body[field] = value;
        return response;
    }
}

/// <summary>
/// Faults that reject a submission until later, as if the queue were full. They report the rule's wait, except for two filters that
/// depend on earlier submissions.
/// </summary>
internal static class QueueFullFaults
{
    /// <summary>How long the same request is spam.</summary>
    private static readonly TimeSpan SpamWindow = TimeSpan.FromSeconds(30);

    /// <summary>The least time between submissions: half a submission a second.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);

    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("queue-full-body", "HTTP 429 with retry_after in the body, as documented.",
            static context => Documented(context)),
        Create("queue-full-header-seconds", "HTTP 429 with the wait only in Retry-After, in seconds.",
            static context => HeaderOnly(context.WaitSeconds.ToString(CultureInfo.InvariantCulture))),
        Create("queue-full-header-date", "HTTP 429 with the wait only in Retry-After, as a date.",
            static context => HeaderOnly(RetryDate(context))),
        Create("Q5-rate-limit", "HTTP 200 with status error and the rate-limit message.",
            static context => new ApiResponse(StatusCodes.Status200OK, Documented(context, withWait: false).Body)),
        Create("Q6-wait-in-seconds", "HTTP 200 with status error and \"Try again in n seconds\".",
            static context => InMessage($"{context.WaitSeconds} seconds")),
        Create("Q6-wait-in-minutes", "HTTP 200 with status error and \"Try again in n minutes\".",
            static context => InMessage($"{context.Wait.TotalMinutes:0.####} minutes")),
        Create("Q38-wait-in-tip", "HTTP 200 with status error, the wait only in tip.",
            static context => InTip("tip", "The request was not processed.", context.WaitSeconds)),
        Create("Q38-wait-in-tip-1", "HTTP 200 with status error, the wait only in tip_1.",
            static context => InTip("tip_1", "The request was not processed.", context.WaitSeconds)),
        Create("Q38-reason-in-tips", "HTTP 200 with status error and an empty message: the reason and the wait only in tips.",
            static context => InTip("tips", null, context.WaitSeconds)),
        Create("Q40-spam", "HTTP 200 with status error for a request that was accepted 30 seconds ago or less; the wait only in tips.",
            static context => GetSpamWait(context) is { } wait ? InTip("tips", "Duplicate request detected as spam.", wait) : null),
        Create("Q45-pace", "HTTP 429 with an empty body for a submission less than two seconds after the last one.",
            static context => IsTooSoon(context) ? RawResponse.Empty(StatusCodes.Status429TooManyRequests) : null),
    ];

    private static Fault Create(string id, string description, Func<FaultContext, IResponse?> createResponse) =>
        new(id, description, CallKinds.Submit, new FaultEffect.WithoutHandling(createResponse));

    private static ApiResponse Documented(FaultContext context, bool withWait = true)
    {
        ApiResponse response = ApiResponse.RateLimited(
            $"Maximum {context.Service.Options.QueueLimit} queued requests allowed.", context.WaitSeconds);
        if (!withWait)
            response.Body.Remove("retry_after");
        return response;
    }

    private static ApiResponse InTip(string field, string? message, int waitSeconds)
    {
        ApiResponse response = ApiResponse.Error(StatusCodes.Status200OK, message ?? "");
        string reason = message is null ? "Rate limit exceeded. " : "";
        response.Body[field] = string.Create(CultureInfo.InvariantCulture, $"{reason}Try again in {waitSeconds} seconds.");
        return response;
    }

    /// <summary>Returns the rest of the time for which a request is spam; null if it is not.</summary>
    private static int? GetSpamWait(FaultContext context)
    {
        DateTimeOffset? accepted = context.ReadRequest() is { } request ? context.Call!.Account.GetLastAcceptance(request.CanonicalText) : null;
        return accepted + SpamWindow - context.Call?.Now is { } left && left > TimeSpan.Zero ? (int)Math.Ceiling(left.TotalSeconds) : null;
    }

    private static bool IsTooSoon(FaultContext context) =>
        context.Call is { } call && call.Now - call.Account.GetLastSubmission() < Pace;

    private static RawResponse HeaderOnly(string retryAfter) =>
        RawResponse.Empty(StatusCodes.Status429TooManyRequests).WithRetryAfter(retryAfter);

    /// <summary>The date uses the caller's clock, which does not move with the emulator's.</summary>
    private static string RetryDate(FaultContext context) =>
        (context.Service.Options.TimeProvider.GetUtcNow() + context.Wait).ToString("R", CultureInfo.InvariantCulture);

    private static ApiResponse InMessage(FormattableString wait) => ApiResponse.Error(
        StatusCodes.Status200OK, $"Too many requests in the queue. Try again in {FormattableString.Invariant(wait)}.");
}

/// <summary>The HTML page that a proxy or CDN shows when its upstream fails.</summary>
internal static class ProxyPage
{
    /// <summary>The CDN status for an upstream timeout.</summary>
    internal const int TimeoutOccurred = 524;

    internal static RawResponse Create(int statusCode)
    {
        string reason = statusCode == TimeoutOccurred
            ? "A timeout occurred"
            : ReasonPhrases.GetReasonPhrase(statusCode);
        return RawResponse.Text(statusCode, "text/html; charset=utf-8", $"""
            <!DOCTYPE html>
            <html><head><title>{statusCode} {reason}</title></head>
            <body><center><h1>{statusCode} {reason}</h1></center><hr><center>nginx</center></body></html>

            """);
    }
}
