using FaceGen.Contract;
using FaceGen.Generating;

namespace FaceGen.Http;

/// <summary>
/// Turns the result of a call into its one outcome. The rule above all: a submission may be sent again only where the
/// service certainly did not accept it.
/// </summary>
internal static class Classifier
{
    /// <summary>A service that asks to come back sooner has not used up an allowance of a day or longer.</summary>
    private static readonly TimeSpan ShortWait = TimeSpan.FromMinutes(10);

    /// <summary>Returns what the result of a submission means.</summary>
    /// <param name="result">The result.</param>
    /// <param name="echo">The request's own texts, which are not the service's words.</param>
    /// <param name="isFaceUploaded">Whether the face image was uploaded, and can be sent in place as well.</param>
    internal static Outcome OfSubmission(ApiResult result, RequestEcho? echo = null, bool isFaceUploaded = false)
    {
        ServiceWords words = ServiceWords.Of(result, echo);
        Outcome outcome = Judge(result, words, echo ?? RequestEcho.None);
        bool isRefused = outcome is Outcome.Failed { Error.Code: ErrorCode.RequestRefused } || (outcome is Outcome.Retry { QueueIsFull: true } && result.Status != 429);
        return isFaceUploaded && isRefused && result.Answer is { IsUnderWay: false, Output.Count: 0, OtherLinks.Count: 0 } && !words.IsRateLimit && words.IsFaceUnreadable
            ? new Outcome.Retry(result.Describe(), TimeSpan.Zero) { IsAboutFace = true }
            : outcome;
    }

    /// <summary>Decides on a submission. The first line that is true holds.</summary>
    private static Outcome Judge(ApiResult result, ServiceWords words, RequestEcho echo)
    {
        ServiceAnswer? answer = result.Answer;
        int status = result.Status;
        bool isRefusal = answer is { IsFailure: true };
        bool hasId = answer?.AcceptedId is { } id && !(isRefusal && echo.IsTrackId(id));
        bool hasImages = answer is not null && answer.Output.Any(image => Generation.AsLink(image) is not null);
        return status switch
        {
            // No answer.
            0 when !result.WasSent => NotSent(result),
            0 => new Outcome.Uncertain(result.Describe()),

            // An id: the request was accepted, whatever the status or message. A fetch by it is free and returns the rest.
            >= 200 and < 300 when hasId && isRefusal && !words.IsRateLimit && !words.IsDoubtful => new Outcome.Ended(answer!, GenerationStatus.Failed)
            {
                Reason = words.Reason,
                Fault = words.AccountFault is { } code ? AccountFault(code, result, words) : null,
            },
            >= 200 and < 300 when hasId && !isRefusal && !answer!.IsUnderWay && answer.Output.Count > 0 => new Outcome.Ended(answer, GenerationStatus.Success),
            _ when hasId => new Outcome.UnderWay(answer!),

            // No id, but a sign that it was accepted.
            >= 200 and < 300 when answer is not null && !isRefusal => OfAccepted(result, answer, words),
            not (>= 400 and < 500) or 429 when hasImages || answer is { IsUnderWay: true } or { IsDone: true } => new Outcome.Uncertain(result.Describe()),

            // A redirect: what answers with one may have passed the request on.
            >= 300 and < 400 => result.WasSent ? new Outcome.Uncertain(result.Describe()) { Fault = Moved(result) } : new Outcome.Failed(Moved(result)),

            // Every other request would fail too.
            401 or 402 or 403 when AccountFault(result, words) is { } fault => new Outcome.Failed(fault),
            407 => result.WasSent ? new Outcome.Failed(result.Fault?.Error ?? Refused(result, words).Error) : NotSent(result),
            429 when words.IsUsedUp && !(words.Wait < ShortWait) => new Outcome.Failed(AccountFault(ErrorCode.OutOfCredits, result, words)),
            429 => new Outcome.Retry(result.Describe(), words.Wait) { QueueIsFull = true, QueueLimit = words.QueueLimit },
            < 500 when isRefusal && words.IsRateLimit && !hasImages => new Outcome.Retry(result.Describe(), words.Wait) { QueueIsFull = true, QueueLimit = words.QueueLimit },
            < 500 when words.AccountFault is { } code => new Outcome.Failed(AccountFault(code, result, words)),

            // "Timed out" and the like do not decide it, unless the status itself is a refusal.
            < 400 or >= 500 when words.IsDoubtful => new Outcome.Uncertain(result.Describe()),

            // Refused for now. What has "failed" may have been begun.
            < 500 when answer is { Status: "error" } && !hasImages && words is { IsAskedBack: true, IsDoubtful: false } => new Outcome.Retry(result.Describe(), words.Wait) { QueueIsFull = true },
            // Only the API itself writes its own error object: a proxy's 503 tells nothing about what lies behind it.
            503 when isRefusal => new Outcome.Retry(result.Describe(), words.Wait),

            // Refused for good.
            >= 400 and < 500 => Refused(result, words),
            >= 200 and < 300 when isRefusal => Refused(result, words),
            _ => new Outcome.Uncertain(result.Describe()),
        };
    }

    /// <summary>Returns what the result of a fetch means. Fetching is free, so that it may always be repeated.</summary>
    internal static Outcome OfFetch(ApiResult result, RequestEcho? echo = null)
    {
        ServiceWords words = ServiceWords.Of(result, echo);
        if (result.StatusCode is null || result.Fault is not null) return NotAnswered(result);
        if (WholeRunFailure(result, words) is { } fatal) return new Outcome.Failed(fatal);
        if (IsForNow(result, words)) return new Outcome.Retry(result.Describe(), words.Wait);
        if (result.Status is 404 or 410 || result.Answer is { IsFailure: true, Status: "error", Id: null })
        {
            return new Outcome.Failed(new FaceGenException(
                ErrorCode.GenerationNotFound, Sentence("The service does not give this generation out", result)) { ServiceTime = result.Date });
        }

        // "Timed out" with the status error is about this call; with "failed" it is about the generation.
        if (result.Answer is { IsFailure: true, Status: "error" } && words.IsDoubtful) return new Outcome.Retry(result.Describe(), words.Wait);
        if (result.Answer is { IsFailure: true } failure) return new Outcome.Ended(failure, GenerationStatus.Failed);
        if (result.Answer is not { } answer || result.Status >= 300) return new Outcome.Retry(result.Describe(), words.Wait);

        bool hasImages = answer.Output.Count > 0 || (answer.IsDone && answer.OtherLinks.Count > 0);
        return hasImages && !answer.IsUnderWay
            ? new Outcome.Ended(answer, GenerationStatus.Success)
            : new Outcome.UnderWay(answer);
    }

    /// <summary>Returns what the result of an upload means. Uploading is free, so that it may always be repeated.</summary>
    internal static Outcome OfUpload(ApiResult result)
    {
        ServiceWords words = ServiceWords.Of(result);
        if (result.StatusCode is null || result.Fault is not null) return NotAnswered(result);
        if (WholeRunFailure(result, words) is { } fatal) return new Outcome.Failed(fatal);
        if (IsForNow(result, words)) return new Outcome.Retry(result.Describe(), words.Wait);

        return result is { Status: >= 200 and < 300, Answer: { IsFailure: false, IsUnderWay: false } answer }
            ? new Outcome.Ended(answer, GenerationStatus.Success)
            : Refused(result, words);
    }

    /// <summary>Returns what the result of a call about the account means. Asking is free, so that it may always be repeated.</summary>
    internal static Outcome OfQuestion(ApiResult result)
    {
        ServiceWords words = ServiceWords.Of(result);
        if (result.StatusCode is null || result.Fault is not null) return NotAnswered(result);
        if (WholeRunFailure(result, words) is { } fatal) return new Outcome.Failed(fatal);
        if (IsForNow(result, words) || (result.Answer is null && result.Status < 300))
            return new Outcome.Retry(result.Describe(), words.Wait);

        return result is { Status: < 300, Answer: { IsFailure: false } answer }
            ? new Outcome.Ended(answer, GenerationStatus.Success)
            : Refused(result, words);
    }

    /// <summary>An answer of 2xx that does not refuse, and brings no id.</summary>
    private static Outcome OfAccepted(ApiResult result, ServiceAnswer answer, ServiceWords words)
    {
        // Without an id there is nothing to fetch by, but where the images will be is enough: downloading waits for them.
        if (answer.Output.Count > 0 || answer.OtherLinks.Count > 0) return new Outcome.Ended(answer, GenerationStatus.Success);

        return new Outcome.Uncertain($"the service accepted the request without telling its id ({result.Describe()})")
        {
            Fault = answer.Status.Length == 0 && words.AccountFault is { } code ? AccountFault(code, result, words) : null,
        };
    }

    /// <summary>Returns what a call means whose request did not get as far as the service.</summary>
    private static Outcome NotSent(ApiResult result) => result.Fault switch
    {
        { MayPass: false } fault => new Outcome.Failed(fault.Error),
        var fault => new Outcome.Retry(fault?.Reason ?? result.Describe(), null) { IsUnreachable = true, IfItLasts = fault?.Error },
    };

    /// <summary>Returns what a call that costs nothing means where the service did not answer.</summary>
    private static Outcome NotAnswered(ApiResult result) => !result.WasSent || result.Fault is not null
        ? NotSent(result)
        : new Outcome.Retry(result.Describe(), null);

    private static FaceGenException? WholeRunFailure(ApiResult result, ServiceWords words) => result.Status switch
    {
        >= 300 and < 400 and not 303 => Moved(result),
        401 or 402 or 403 when AccountFault(result, words) is { } fault => fault,
        // Whatever it says of plans and credits: the queue is full.
        429 => null,
        // A server that is itself in trouble says nothing reliable about the key or the account.
        < 500 when result.Answer is { IsFailure: true } && !words.IsRateLimit && words.AccountFault is { } code => AccountFault(code, result, words),
        _ => null,
    };

    /// <summary>Returns the account's fault that 401, 402 and 403 mean.</summary>
    private static FaceGenException? AccountFault(ApiResult result, ServiceWords words) => result.Status switch
    {
        401 => AccountFault(ErrorCode.KeyRejected, result, words),
        402 => AccountFault(ErrorCode.OutOfCredits, result, words),
        // A page in place of the API's own words comes from a firewall, and may be about this one request.
        403 when result.Answer is not null => AccountFault(words.AccountFault ?? ErrorCode.NotInPlan, result, words),
        _ => null,
    };

    private static FaceGenException AccountFault(ErrorCode code, ApiResult result, ServiceWords words) => new(code, Sentence(code switch
    {
        ErrorCode.KeyRejected => "The service refuses the key",
        ErrorCode.OutOfCredits when words.IsUsedUp => "The account has used up what its plan allows",
        ErrorCode.OutOfCredits => "The account is out of credits",
        _ => "The account may not do this",
    }, result));

    private static FaceGenException Moved(ApiResult result) => new(ErrorCode.ServiceMoved,
        $"The service answers with a redirect (HTTP {result.Status}); the key is not sent elsewhere. Check the address of Connect-FaceGen -BaseUri.");

    /// <summary>Whether what costs nothing may be tried again.</summary>
    private static bool IsForNow(ApiResult result, ServiceWords words) => result.Status is >= 500 or 429
        || (result.Answer is { IsFailure: true, Id: null } && words.IsRateLimit)
        || (result.Answer is { Status: "error", Id: null } && (words.IsAskedBack || words.IsDoubtful));

    private static Outcome.Failed Refused(ApiResult result, ServiceWords words) =>
        new(new FaceGenException(ErrorCode.RequestRefused, Sentence("The service refused the request", result))) { Reason = words.Reason, IsAboutFace = words.IsAboutFace };

    private static string Sentence(string what, ApiResult result) => $"{what}: {result.Describe().TrimEnd('.')}.";
}
