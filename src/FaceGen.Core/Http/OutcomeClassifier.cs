using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>
/// Turns the result of a call into its one outcome. The rule above all: a submission may be sent again only where the
/// service certainly did not accept it.
/// </summary>
internal static class OutcomeClassifier
{
    /// <summary>A service that asks to come back sooner has not used up an allowance of a day or longer.</summary>
    private static readonly TimeSpan MaxRateLimitWait = TimeSpan.FromMinutes(10);

    /// <summary>Returns what the result of a submission means.</summary>
    /// <param name="result">The result.</param>
    /// <param name="echo">The request's own texts, which are not the service's words.</param>
    /// <param name="isFaceUploaded">Whether the face image was uploaded, and can be sent in place as well.</param>
    internal static Outcome ClassifySubmission(ApiResult result, RequestEcho? echo = null, bool isFaceUploaded = false)
    {
        ServiceMessage words = ServiceMessage.Parse(result, echo);
        Outcome outcome = ClassifyResponse(result, words, echo ?? RequestEcho.None);
        bool isRefused = outcome is Outcome.Failed { Error.Code: ErrorCode.RequestRefused } || (outcome is Outcome.Retry { IsQueueFull: true } && result.Status != 429);
        return isFaceUploaded && isRefused && result.Response is { IsPending: false, Output.Count: 0, AlternateLinks.Count: 0 } && !words.IsRateLimit && words.IsFaceUnreadable
            ? new Outcome.Retry(result.Describe(), TimeSpan.Zero) { IsFaceUnreadable = true }
            : outcome;
    }

    /// <summary>Decides on a submission. The first line that is true holds.</summary>
    private static Outcome ClassifyResponse(ApiResult result, ServiceMessage message, RequestEcho echo)
    {
        ServiceResponse? answer = result.Response;
        int status = result.Status;
        bool isRefusal = answer is { IsFailure: true };
        bool hasId = answer?.AcceptedId is { } id && !(isRefusal && echo.IsTrackId(id));
        bool hasImages = answer is not null && answer.Output.Any(image => Generation.ParseLink(image) is not null);
        return status switch
        {
            // No answer.
            0 when !result.IsSent => ClassifyUnsent(result),
            0 => new Outcome.Uncertain(result.Describe()),

            // An id: the request was accepted, whatever the status or message. A fetch by it is free and returns the rest.
            >= 200 and < 300 when hasId && isRefusal && !message.IsRateLimit && !message.IsAmbiguous => new Outcome.Finished(answer!, GenerationStatus.Failed)
            {
                Reason = message.Reason,
                FatalError = message.AccountError is { } code ? CreateAccountError(code, result, message) : null,
            },
            >= 200 and < 300 when hasId && !isRefusal && !answer!.IsPending && answer.Output.Count > 0 => new Outcome.Finished(answer, GenerationStatus.Success),
            _ when hasId => new Outcome.Pending(answer!),

            // No id, but a sign that it was accepted.
            >= 200 and < 300 when answer is not null && !isRefusal => ClassifyAcceptedWithoutId(result, answer, message),
            not (>= 400 and < 500) or 429 when hasImages || answer is { IsPending: true } or { IsSuccess: true } => new Outcome.Uncertain(result.Describe()),

            // A redirect: what answers with one may have passed the request on.
            >= 300 and < 400 => result.IsSent ? new Outcome.Uncertain(result.Describe()) { FatalError = CreateRedirectError(result) } : new Outcome.Failed(CreateRedirectError(result)),

            // Every other request would fail too.
            401 or 402 or 403 when FindAccountError(result, message) is { } fault => new Outcome.Failed(fault),
            407 => result.IsSent ? new Outcome.Failed(result.Fault?.Error ?? CreateRefusal(result, message).Error) : ClassifyUnsent(result),
            429 when message.IsAllowanceExhausted && !(message.RetryDelay < MaxRateLimitWait) => new Outcome.Failed(CreateAccountError(ErrorCode.OutOfCredits, result, message)),
            429 => new Outcome.Retry(result.Describe(), message.RetryDelay) { IsQueueFull = true, QueueLimit = message.QueueLimit },
            < 500 when isRefusal && message.IsRateLimit && !hasImages => new Outcome.Retry(result.Describe(), message.RetryDelay) { IsQueueFull = true, QueueLimit = message.QueueLimit },
            < 500 when message.AccountError is { } code => new Outcome.Failed(CreateAccountError(code, result, message)),

            // "Timed out" and the like do not decide it, unless the status itself is a refusal.
            < 400 or >= 500 when message.IsAmbiguous => new Outcome.Uncertain(result.Describe()),

            // Refused for now. What has "failed" may have been begun.
            < 500 when answer is { Status: "error" } && !hasImages && message is { HasRetryHint: true, IsAmbiguous: false } => new Outcome.Retry(result.Describe(), message.RetryDelay) { IsQueueFull = true },
            // Only the API itself writes its own error object: a proxy's 503 tells nothing about what lies behind it.
            503 when isRefusal => new Outcome.Retry(result.Describe(), message.RetryDelay),

            // Refused for good.
            >= 400 and < 500 => CreateRefusal(result, message),
            >= 200 and < 300 when isRefusal => CreateRefusal(result, message),
            _ => new Outcome.Uncertain(result.Describe()),
        };
    }

    /// <summary>Returns what the result of a fetch means. Fetching is free, so that it may always be repeated.</summary>
    internal static Outcome ClassifyFetch(ApiResult result, RequestEcho? echo = null)
    {
        ServiceMessage words = ServiceMessage.Parse(result, echo);
        if (result.StatusCode is null || result.Fault is not null) return ClassifyWithoutResponse(result);
        if (FindFatalError(result, words) is { } fatal) return new Outcome.Failed(fatal);
        if (IsTemporary(result, words)) return new Outcome.Retry(result.Describe(), words.RetryDelay);
        if (result.Status is 404 or 410 || result.Response is { IsFailure: true, Status: "error", Id: null })
        {
            return new Outcome.Failed(new FaceGenException(
                ErrorCode.GenerationNotFound, FormatMessage("The service does not give this generation out", result)) { ServiceTime = result.Date });
        }

        // "Timed out" with the status error is about this call; with "failed" it is about the generation.
        if (result.Response is { IsFailure: true, Status: "error" } && words.IsAmbiguous) return new Outcome.Retry(result.Describe(), words.RetryDelay);
        if (result.Response is { IsFailure: true } failure) return new Outcome.Finished(failure, GenerationStatus.Failed);
        if (result.Response is not { } answer || result.Status >= 300) return new Outcome.Retry(result.Describe(), words.RetryDelay);

        bool hasImages = answer.Output.Count > 0 || (answer.IsSuccess && answer.AlternateLinks.Count > 0);
        return hasImages && !answer.IsPending
            ? new Outcome.Finished(answer, GenerationStatus.Success)
            : new Outcome.Pending(answer);
    }

    /// <summary>Returns what the result of an upload means. Uploading is free, so that it may always be repeated.</summary>
    internal static Outcome ClassifyUpload(ApiResult result)
    {
        ServiceMessage words = ServiceMessage.Parse(result);
        if (result.StatusCode is null || result.Fault is not null) return ClassifyWithoutResponse(result);
        if (FindFatalError(result, words) is { } fatal) return new Outcome.Failed(fatal);
        if (IsTemporary(result, words)) return new Outcome.Retry(result.Describe(), words.RetryDelay);

        return result is { Status: >= 200 and < 300, Response: { IsFailure: false, IsPending: false } answer }
            ? new Outcome.Finished(answer, GenerationStatus.Success)
            : CreateRefusal(result, words);
    }

    /// <summary>Returns what the result of a call about the account means. Asking is free, so that it may always be repeated.</summary>
    internal static Outcome ClassifyAccountRequest(ApiResult result)
    {
        ServiceMessage words = ServiceMessage.Parse(result);
        if (result.StatusCode is null || result.Fault is not null) return ClassifyWithoutResponse(result);
        if (FindFatalError(result, words) is { } fatal) return new Outcome.Failed(fatal);
        if (IsTemporary(result, words) || (result.Response is null && result.Status < 300))
            return new Outcome.Retry(result.Describe(), words.RetryDelay);

        return result is { Status: < 300, Response: { IsFailure: false } answer }
            ? new Outcome.Finished(answer, GenerationStatus.Success)
            : CreateRefusal(result, words);
    }

    /// <summary>An answer of 2xx that does not refuse, and brings no id.</summary>
    private static Outcome ClassifyAcceptedWithoutId(ApiResult result, ServiceResponse answer, ServiceMessage message)
    {
        // Without an id there is nothing to fetch by, but where the images will be is enough: downloading waits for them.
        if (answer.Output.Count > 0 || answer.AlternateLinks.Count > 0) return new Outcome.Finished(answer, GenerationStatus.Success);

        return new Outcome.Uncertain($"the service accepted the request without telling its id ({result.Describe()})")
        {
            FatalError = answer.Status.Length == 0 && message.AccountError is { } code ? CreateAccountError(code, result, message) : null,
        };
    }

    /// <summary>Returns what a call means whose request did not get as far as the service.</summary>
    private static Outcome ClassifyUnsent(ApiResult result) => result.Fault switch
    {
        { IsTransient: false } fault => new Outcome.Failed(fault.Error),
        var fault => new Outcome.Retry(fault?.Reason ?? result.Describe(), null) { IsUnreachable = true, PersistentError = fault?.Error },
    };

    /// <summary>Returns what a call that costs nothing means where the service did not answer.</summary>
    private static Outcome ClassifyWithoutResponse(ApiResult result) => !result.IsSent || result.Fault is not null
        ? ClassifyUnsent(result)
        : new Outcome.Retry(result.Describe(), null);

    private static FaceGenException? FindFatalError(ApiResult result, ServiceMessage message) => result.Status switch
    {
        >= 300 and < 400 and not 303 => CreateRedirectError(result),
        401 or 402 or 403 when FindAccountError(result, message) is { } fault => fault,
        // Whatever it says of plans and credits: the queue is full.
        429 => null,
        // A server that is itself in trouble says nothing reliable about the key or the account.
        < 500 when result.Response is { IsFailure: true } && !message.IsRateLimit && message.AccountError is { } code => CreateAccountError(code, result, message),
        _ => null,
    };

    /// <summary>Returns the account's fault that 401, 402 and 403 mean.</summary>
    private static FaceGenException? FindAccountError(ApiResult result, ServiceMessage message) => result.Status switch
    {
        401 => CreateAccountError(ErrorCode.KeyRejected, result, message),
        402 => CreateAccountError(ErrorCode.OutOfCredits, result, message),
        // A page in place of the API's own words comes from a firewall, and may be about this one request.
        403 when result.Response is not null => CreateAccountError(message.AccountError ?? ErrorCode.NotInPlan, result, message),
        _ => null,
    };

    private static FaceGenException CreateAccountError(ErrorCode code, ApiResult result, ServiceMessage message) => new(code, FormatMessage(code switch
    {
        ErrorCode.KeyRejected => "The service refuses the key",
        ErrorCode.OutOfCredits when message.IsAllowanceExhausted => "The account has used up what its plan allows",
        ErrorCode.OutOfCredits => "The account is out of credits",
        _ => "The account may not do this",
    }, result));

    private static FaceGenException CreateRedirectError(ApiResult result) => new(ErrorCode.ServiceMoved,
        $"The service answers with a redirect (HTTP {result.Status}); the key is not sent elsewhere. Check the address of Connect-FaceGen -BaseUri.");

    /// <summary>Whether what costs nothing may be tried again.</summary>
    private static bool IsTemporary(ApiResult result, ServiceMessage message) => result.Status is >= 500 or 429
        || (result.Response is { IsFailure: true, Id: null } && message.IsRateLimit)
        || (result.Response is { Status: "error", Id: null } && (message.HasRetryHint || message.IsAmbiguous));

    private static Outcome.Failed CreateRefusal(ApiResult result, ServiceMessage message) =>
        new(new FaceGenException(ErrorCode.RequestRefused, FormatMessage("The service refused the request", result))) { Reason = message.Reason, IsFaceImageError = message.IsFaceImageError };

    private static string FormatMessage(string what, ApiResult result) => $"{what}: {result.Describe().TrimEnd('.')}.";
}
