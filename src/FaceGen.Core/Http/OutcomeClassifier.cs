using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>
/// Classifies the result of a request as one outcome. A submission can be sent again only if the service certainly did not accept it.
/// </summary>
internal static class OutcomeClassifier
{
    /// <summary>The maximum delay of a rate limit. An allowance of a day or longer is not restored sooner.</summary>
    private static readonly TimeSpan MaxRateLimitWait = TimeSpan.FromMinutes(10);

    /// <summary>What an error of the account means for a run.</summary>
    private const string NothingMore = "Nothing more is submitted. ";

    /// <summary>Returns the outcome of a submission.</summary>
    /// <param name="result">The result.</param>
    /// <param name="echo">The request's texts, which are removed from the service's message.</param>
    /// <param name="canChangeFace">True if the face image can be sent another way: inline instead of its upload link, or uploaded instead of inline.</param>
    internal static Outcome ClassifySubmission(ApiResult result, RequestEcho? echo = null, bool canChangeFace = false)
    {
        ServiceMessage message = ServiceMessage.Parse(result, echo);
        Outcome outcome = ClassifyResponse(result, message, echo ?? RequestEcho.None);
        bool isRefused = outcome is Outcome.Failed { Error.Code: ErrorCode.RequestRefused } || (outcome is Outcome.Retry { IsQueueFull: true } && result.Status != 429);
        bool isFaceRefused = result.Status == 413
            || (result.Response is { IsPending: false, Output.Count: 0, AlternateLinks.Count: 0 } && !message.IsRateLimit && message.IsFaceRefused);
        return canChangeFace && isRefused && isFaceRefused
            ? new Outcome.Retry(result.Describe(), TimeSpan.Zero) { FaceRefusal = CreateRefusal(result, message) }
            : outcome;
    }

    /// <summary>Returns the outcome of a submission by the first rule that applies.</summary>
    private static Outcome ClassifyResponse(ApiResult result, ServiceMessage message, RequestEcho echo)
    {
        ServiceResponse? response = result.Response;
        int status = result.Status;
        bool isFailure = response is { IsFailure: true };
        bool hasImages = response is not null && response.Output.Any(image => Generation.ParseLink(image) is not null);
        // A refusal of the account is certain, and its request_id the number of the call. Another error with a request_id alone may belong to an
        // accepted request (Q36, Q46): a fetch of a number that is no id costs nothing, another submission could.
        bool hasId = response?.AcceptedId is { } id && !(isFailure && echo.IsTrackId(id)) && !(response.Id is null && !hasImages && IsAccountRefusal(status, response, message));
        return status switch
        {
            // No response.
            0 when !result.IsSent => ClassifyUnsent(result),
            0 => new Outcome.Uncertain(result.Describe()),

            // An id: the request was accepted, whatever the status or message. A fetch by the id is free and returns the rest.
            >= 200 and < 300 when hasId && isFailure && !message.IsRateLimit && !message.IsAmbiguous => new Outcome.Finished(response!, GenerationStatus.Failed)
            {
                Reason = message.Reason,
                FatalError = message.AccountError is { } code ? CreateAccountError(code, result, message) : null,
            },
            >= 200 and < 300 when hasId && !isFailure && !response!.IsPending && response.Output.Count > 0 => new Outcome.Finished(response, GenerationStatus.Success),
            _ when hasId => new Outcome.Pending(response!),

            // No id, but a sign that the request was accepted.
            >= 200 and < 300 when response is not null && !isFailure => ClassifyAcceptedWithoutId(result, response, message),
            not (>= 400 and < 500) or 429 when hasImages || response is { IsPending: true } or { IsSuccess: true } => new Outcome.Uncertain(result.Describe()),

            // A redirect: the server that redirects may have forwarded the request.
            >= 300 and < 400 => result.IsSent ? new Outcome.Uncertain(result.Describe()) { FatalError = CreateRedirectError(result, "The submission may have been accepted and charged. ") } : new Outcome.Failed(CreateRedirectError(result)),

            // Every other request would fail too.
            401 or 402 or 403 when FindAccountError(result, message) is { } error => new Outcome.Failed(error),
            407 => result.IsSent ? new Outcome.Failed(result.Fault?.Error ?? CreateRefusal(result, message).Error) : ClassifyUnsent(result),
            429 when IsAllowanceExhausted(message) => new Outcome.Failed(CreateAccountError(ErrorCode.OutOfCredits, result, message)),
            429 => CreateTemporaryRefusal(result, message),
            < 500 when isFailure && message.IsRateLimit && !hasImages => CreateTemporaryRefusal(result, message),
            < 500 when message.AccountError is { } code => new Outcome.Failed(CreateAccountError(code, result, message)),

            // A message such as "timed out" leaves the outcome open, unless the status is a refusal.
            < 400 or >= 500 when message.IsAmbiguous => new Outcome.Uncertain(result.Describe()),

            // A temporary refusal. A generation with the status "failed" may have been started.
            < 500 when response is { IsRefusal: true } && !hasImages && !message.IsAmbiguous && (message.HasRetryHint || message.IsRepeat) => CreateTemporaryRefusal(result, message),
            // Only the API writes its error object; after a proxy's 503 the outcome is open.
            503 when isFailure => new Outcome.Retry(result.Describe(), message.RetryDelay),

            // A permanent refusal.
            >= 400 and < 500 => CreateRefusal(result, message),
            >= 200 and < 300 when response is { IsRefusal: true } => CreateRefusal(result, message),
            // "failed" without an id (Q39): there will be no image, but a generation may have been started and charged.
            >= 200 and < 300 when isFailure => CreateFailure(result, message),
            _ => new Outcome.Uncertain(result.Describe()),
        };
    }

    /// <summary>True if the service certainly refused the request because of the account.</summary>
    private static bool IsAccountRefusal(int status, ServiceResponse response, ServiceMessage message) => status switch
    {
        401 or 402 or 403 => !response.IsPending && !response.IsSuccess,
        // 407 is the proxy's.
        407 => false,
        _ when !response.IsRefusal || message.IsAmbiguous => false,
        429 => IsAllowanceExhausted(message),
        < 300 or (>= 400 and < 500) => !message.IsRateLimit && message.AccountError is not null,
        _ => false,
    };

    /// <summary>True if a rate limit is one of the allowance, which no wait of a reasonable time restores.</summary>
    private static bool IsAllowanceExhausted(ServiceMessage message) => message.IsAllowanceExhausted && !(message.RetryDelay < MaxRateLimitWait);

    /// <summary>Returns the outcome of a fetch, which is free and can always be repeated.</summary>
    /// <param name="result">The result.</param>
    /// <param name="echo">The request's texts, which are removed from the service's message.</param>
    /// <param name="id">The generation's id: an error whose <c>request_id</c> is another one is about the call.</param>
    internal static Outcome ClassifyFetch(ApiResult result, RequestEcho? echo = null, string? id = null)
    {
        ServiceMessage message = ServiceMessage.Parse(result, echo);
        if (ClassifyFailure(result, message) is { } failure) return failure;
        bool namesGeneration = result.Response is { } named && (named.Id is not null || (id is not null && named.RequestId == id));
        // A denial may repeat the id that was fetched (Q42).
        bool isDenied = result.Response is { IsFailure: true } && message.IsGenerationUnknown;
        if (result.Status is 404 or 410 || isDenied || (!namesGeneration && result.Response is { IsRefusal: true }))
        {
            return new Outcome.Failed(CreateError(ErrorCode.GenerationNotFound, "The service does not return this generation", result,
                "The request charged and deleted nothing. Check the id and the account: a generation can be fetched only with the key that submitted it."));
        }

        // "Timed out" with the status "error" is about the fetch; with "failed" it is about the generation.
        if (result.Response is { IsRefusal: true } && message.IsAmbiguous) return new Outcome.Retry(result.Describe(), message.RetryDelay);
        if (result.Response is { IsFailure: true } failed) return new Outcome.Finished(failed, GenerationStatus.Failed);
        if (result.Response is not { } response || result.Status >= 300) return new Outcome.Retry(result.Describe(), message.RetryDelay);

        bool hasImages = response.Output.Count > 0 || (response.IsSuccess && response.AlternateLinks.Count > 0);
        return hasImages && !response.IsPending
            ? new Outcome.Finished(response, GenerationStatus.Success)
            : new Outcome.Pending(response);
    }

    /// <summary>Returns the outcome of an upload, which is free and can always be repeated.</summary>
    internal static Outcome ClassifyUpload(ApiResult result)
    {
        ServiceMessage message = ServiceMessage.Parse(result);
        return ClassifyFailure(result, message)
            ?? (result is { Status: >= 200 and < 300, Response: { IsFailure: false, IsPending: false } response }
                ? new Outcome.Finished(response, GenerationStatus.Success)
                : CreateRefusal(result, message));
    }

    /// <summary>Returns the outcome of a request about the account, which is free and can always be repeated.</summary>
    internal static Outcome ClassifyAccountRequest(ApiResult result)
    {
        ServiceMessage message = ServiceMessage.Parse(result);
        if (ClassifyFailure(result, message, consequence: "") is { } failure) return failure;
        if (result.Response is null && result.Status < 300) return new Outcome.Retry(result.Describe(), message.RetryDelay);

        return result is { Status: < 300, Response: { IsFailure: false } response }
            ? new Outcome.Finished(response, GenerationStatus.Success)
            : CreateRefusal(result, message);
    }

    /// <summary>Returns the outcome of a free request without a response, with a fatal error, or with a temporary failure; null otherwise.</summary>
    private static Outcome? ClassifyFailure(ApiResult result, ServiceMessage message, string consequence = NothingMore)
    {
        if (result.Fault is not null || result is { StatusCode: null, IsSent: false }) return ClassifyUnsent(result);
        if (result.StatusCode is null) return new Outcome.Retry(result.Describe(), null);
        if (FindFatalError(result, message, consequence) is { } error) return new Outcome.Failed(error);

        return IsTemporary(result, message) ? new Outcome.Retry(result.Describe(), message.RetryDelay) : null;
    }

    /// <summary>Returns the outcome of a response 2xx without an id and without a refusal.</summary>
    private static Outcome ClassifyAcceptedWithoutId(ApiResult result, ServiceResponse response, ServiceMessage message)
    {
        // The links are enough without an id: downloads wait until the images exist.
        if (response.Output.Count > 0 || response.AlternateLinks.Count > 0) return new Outcome.Finished(response, GenerationStatus.Success);

        return new Outcome.Uncertain($"it has no id: {result.Describe()}")
        {
            FatalError = response.Status.Length == 0 && message.AccountError is { } code ? CreateAccountError(code, result, message) : null,
        };
    }

    /// <summary>Returns the outcome of a request that did not reach the service.</summary>
    private static Outcome ClassifyUnsent(ApiResult result) => result.Fault switch
    {
        { IsTransient: false } fault => new Outcome.Failed(fault.Error),
        var fault => new Outcome.Retry(fault?.Reason ?? result.Describe(), null) { IsUnreachable = true, PersistentError = fault?.Error },
    };

    private static FaceGenException? FindFatalError(ApiResult result, ServiceMessage message, string consequence) => result.Status switch
    {
        >= 300 and < 400 and not 303 => CreateRedirectError(result, "Nothing was charged. "),
        401 or 402 or 403 when FindAccountError(result, message, consequence) is { } error => error,
        // The queue is full, whatever the message says about plans and credits.
        429 => null,
        // The message of a server with an internal error is not reliable.
        < 500 when result.Response is { IsFailure: true } && !message.IsRateLimit && message.AccountError is { } code => CreateAccountError(code, result, message, consequence),
        _ => null,
    };

    /// <summary>Returns the error of the account, or of the address, for the statuses 401, 402 and 403.</summary>
    private static FaceGenException? FindAccountError(ApiResult result, ServiceMessage message, string consequence = NothingMore) => result.Status switch
    {
        401 or 402 when result is { Response: null, Failure: null } => CreateError(ErrorCode.ConnectionInvalid, "The address does not respond like the service", result,
            $"The response does not say that the key is wrong. Nothing was accepted. {consequence}Check Connect-FaceGen -BaseUri and the proxy."),
        401 => CreateAccountError(ErrorCode.KeyRejected, result, message, consequence),
        402 => CreateAccountError(ErrorCode.OutOfCredits, result, message, consequence),
        // A body that is not the API's JSON comes from a firewall, and can be about one request only.
        403 when result.Response is not null => CreateAccountError(message.AccountError ?? ErrorCode.NotInPlan, result, message, consequence),
        _ => null,
    };

    private static FaceGenException CreateAccountError(ErrorCode code, ApiResult result, ServiceMessage message, string consequence = NothingMore)
    {
        (string failure, string remedy) = code switch
        {
            ErrorCode.KeyRejected => ("The service rejected the key", "Copy the key from the account's page and run Connect-FaceGen again."),
            ErrorCode.OutOfCredits when message.IsAllowanceExhausted => ("The account has used up its plan's allowance", "Wait until the allowance is renewed, or upgrade the plan."),
            ErrorCode.OutOfCredits => ("The account is out of credits", "Add credits to the account's wallet."),
            _ => ("The account or its plan does not allow this request", "Check the account and its plan on the account's page."),
        };
        return CreateError(code, failure, result, consequence + remedy);
    }

    private static FaceGenException CreateRedirectError(ApiResult result, string consequence = "Nothing was accepted. ") => new(ErrorCode.ServiceMoved,
        $"The service responded with a redirect (HTTP {result.Status}). The key was not sent to the other address. {consequence}Check Connect-FaceGen -BaseUri.");

    /// <summary>True if a free request can be repeated.</summary>
    private static bool IsTemporary(ApiResult result, ServiceMessage message) => result.Status is >= 500 or 429
        || (result.Response is { IsFailure: true, Id: null } && message.IsRateLimit)
        || (result.Response is { IsRefusal: true, Id: null } && (message.HasRetryHint || message.IsAmbiguous));

    private static Outcome.Retry CreateTemporaryRefusal(ApiResult result, ServiceMessage message) => new(result.Describe(), message.RetryDelay)
    {
        IsRepeat = message.IsRepeat,
        IsQueueFull = !message.IsRepeat,
        IsBareRateLimit = result.Status == 429 && message is { RetryDelay: null, IsQueueFull: false },
        QueueLimit = message.QueueLimit,
    };

    private static Outcome.Failed CreateRefusal(ApiResult result, ServiceMessage message) =>
        new(CreateError(ErrorCode.RequestRefused, "The service refused the request", result, "It was not accepted and costs nothing. Correct the request."))
        {
            Reason = message.Reason,
            IsFaceImageError = message.IsFaceImageError,
        };

    private static Outcome.Failed CreateFailure(ApiResult result, ServiceMessage message) =>
        new(CreateError(ErrorCode.GenerationFailed, "The service could not create the image", result,
            "It named no id. You may have been charged. FaceGen did not send the request again. Check the account's generations (Get-FaceGenImage -All) before you run it again."))
        {
            Reason = message.Reason,
            IsFaceImageError = message.IsFaceImageError,
        };

    private static FaceGenException CreateError(ErrorCode code, string failure, ApiResult result, string rest)
    {
        string cause = $"{failure}: {result.Describe().TrimEnd('.')}";
        return new FaceGenException(code, $"{cause}. {rest}") { Cause = cause, ServiceTime = result.Date };
    }
}
