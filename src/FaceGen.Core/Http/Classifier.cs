using System.Globalization;
using System.Text.RegularExpressions;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>
/// Turns the result of a call into its one outcome. The rule above all: a submission may be sent again only where the
/// service certainly did not accept it.
/// </summary>
internal static class Classifier
{
    private const RegexOptions Loose = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private static readonly Regex RateLimit = new(@"rate limit|too many requests|queued requests|queue is full|concurren(t|cy) (requests? )?limit", Loose);
    private static readonly Regex Credits = new(@"out of credits|(not enough|insufficient) (credits?|funds|balance)|\bno (more )?(credits?|funds|balance)(?= *([.,;:!]|$)| (left|remaining|available|in your))|(not|n't) have (enough|any|sufficient) (credits?|funds|balance)|add (funds|credits)|top up your", Loose);
    // What is about a key of the request's own ("missing key 'prompt'", "keypoints") is about no account.
    private static readonly Regex Key = new(@"\b(invalid|wrong|incorrect|missing|revoked|expired) (api[ _-]?key\b|key\b(?! *''))|\bkey (is|field is) (invalid|wrong|required|missing)|unauthori[sz]ed (access|request|key|user)|^\W*(unauthori[sz]ed|unauthenticated)\W*$", Loose);
    private static readonly Regex Plan = new(@"not (allowed|included|available) (in|on|for) your (plan|subscription)|upgrade your (plan|subscription)|subscription (has )?expired", Loose);
    private static readonly Regex QueueLimit = new(@"maximum (?:of )?([1-9]\d{0,2}) queued", Loose);
    private static readonly Regex Face = new(@"(face|image|link|url).*\b(download|load|fetch|read|open|access|retriev|reach|expire)|\b(download|load|fetch|read|open|access|retriev|reach|expire).*(face|image|link|url)|valid (image )?(link|url)", Loose);
    private static readonly Regex ProseWait = new(@"(?:in|after)\s+(\d{1,6}(?:\.\d+)?)\s*(second|sec|minute|min|hour)", Loose);
    private static readonly Regex AskedBack = new($@"\b(try|retry|again|wait|come back)\b.*\b{ProseWait}", Loose);

    /// <summary>What the result of a submission means.</summary>
    /// <param name="result">The result.</param>
    /// <param name="isFaceUploaded">Whether the face image was uploaded, and can be sent in place as well.</param>
    internal static Outcome OfSubmission(ApiResult result, bool isFaceUploaded = false)
    {
        Outcome outcome = Judge(result);
        bool isRefused = outcome is Outcome.Failed { Error.Code: ErrorCode.RequestRefused } || (outcome is Outcome.Retry && IsAskedBack(result));
        return isFaceUploaded && isRefused
            && result.Answer is { Id: null, IsUnderWay: false, Output.Count: 0, OtherLinks.Count: 0 } answer && Face.IsMatch(answer.Message)
            ? new Outcome.Retry(result.Describe(), TimeSpan.Zero) { IsAboutFace = true }
            : outcome;
    }

    private static Outcome Judge(ApiResult result)
    {
        if (result.StatusCode is null)
        {
            return result.WasSent
                ? new Outcome.Uncertain(result.Describe())
                : new Outcome.Retry(result.Describe(), null) { IsUnreachable = true };
        }

        // Whatever trouble the server is in: with an id the request was accepted, and asking by it tells the rest.
        if (result.Status >= 500 && result.Answer is { Id: not null } accepted) return new Outcome.UnderWay(accepted);

        if (WholeRunFailure(result) is { } fatal) return new Outcome.Failed(fatal);
        if (IsRateLimit(result))
            return new Outcome.Retry(result.Describe(), WaitOf(result)) { QueueIsFull = true, QueueLimit = QueueLimitOf(result) };

        return result.Status switch
        {
            >= 200 and < 300 => OfAnswer(result),
            // "See other" is how some servers answer what they have taken.
            303 => new Outcome.Uncertain(result.Describe()),
            >= 400 and < 500 => new Outcome.Failed(Refusal(result)),
            // Only the API itself writes its own error object: a proxy's 503 tells nothing about what lies behind it.
            503 when result.Answer is { IsFailure: true } => new Outcome.Retry(result.Describe(), WaitOf(result)),
            _ => new Outcome.Uncertain(result.Describe()),
        };
    }

    /// <summary>What the result of a look at a generation means. Looking is free, so that it may always be repeated.</summary>
    internal static Outcome OfFetch(ApiResult result)
    {
        if (result.StatusCode is null) return new Outcome.Retry(result.Describe(), null);
        if (WholeRunFailure(result) is { } fatal) return new Outcome.Failed(fatal);
        if (IsForNow(result)) return new Outcome.Retry(result.Describe(), WaitOf(result));
        if (result.Status is 404 or 410 || result.Answer is { IsFailure: true, Status: "error", Id: null })
        {
            return new Outcome.Failed(new FaceGenException(
                ErrorCode.GenerationNotFound, Sentence("The service does not give this generation out", result)));
        }

        if (result.Answer is { IsFailure: true } failure) return new Outcome.Ended(failure, GenerationStatus.Failed);
        if (result.Answer is not { } answer || result.Status >= 300) return new Outcome.Retry(result.Describe(), WaitOf(result));

        bool hasImages = answer.Output.Count > 0 || (answer.IsDone && answer.OtherLinks.Count > 0);
        return hasImages && !answer.IsUnderWay
            ? new Outcome.Ended(answer, GenerationStatus.Success)
            : new Outcome.UnderWay(answer);
    }

    /// <summary>What the result of an upload means. Uploading is free, so that it may always be repeated.</summary>
    internal static Outcome OfUpload(ApiResult result)
    {
        if (result.StatusCode is null) return new Outcome.Retry(result.Describe(), null) { IsUnreachable = !result.WasSent };
        if (WholeRunFailure(result) is { } fatal) return new Outcome.Failed(fatal);
        if (IsForNow(result)) return new Outcome.Retry(result.Describe(), WaitOf(result));

        return result is { Status: >= 200 and < 300, Answer: { IsFailure: false, IsUnderWay: false } answer }
            ? new Outcome.Ended(answer, GenerationStatus.Success)
            : new Outcome.Failed(Refusal(result));
    }

    /// <summary>What the result of a call about the account means. Asking is free, so that it may always be repeated.</summary>
    internal static Outcome OfQuestion(ApiResult result)
    {
        if (result.StatusCode is null) return new Outcome.Retry(result.Describe(), null) { IsUnreachable = !result.WasSent };
        if (WholeRunFailure(result) is { } fatal) return new Outcome.Failed(fatal);
        if (IsForNow(result) || (result.Answer is null && result.Status < 300))
            return new Outcome.Retry(result.Describe(), WaitOf(result));

        return result is { Status: < 300, Answer: { IsFailure: false } answer }
            ? new Outcome.Ended(answer, GenerationStatus.Success)
            : new Outcome.Failed(Refusal(result));
    }

    private static Outcome OfAnswer(ApiResult result)
    {
        if (result.Answer is not { } answer) return new Outcome.Uncertain(result.Describe());

        if (answer.IsFailure)
        {
            // With an id the request was accepted, and then failed.
            return answer.Id is null
                ? new Outcome.Failed(Refusal(result))
                : new Outcome.Ended(answer, GenerationStatus.Failed);
        }

        if (!answer.IsUnderWay && answer.Output.Count > 0) return new Outcome.Ended(answer, GenerationStatus.Success);
        if (answer.Id is not null) return new Outcome.UnderWay(answer);

        // Without an id there is nothing to ask for, but where the images will be is enough: downloading waits for them.
        return answer.Output.Count > 0 || answer.OtherLinks.Count > 0
            ? new Outcome.Ended(answer, GenerationStatus.Success)
            : new Outcome.Uncertain($"the service accepted the request without telling its id ({result.Describe()})");
    }

    private static FaceGenException? WholeRunFailure(ApiResult result)
    {
        // What a server says that is in trouble itself tells nothing of the key or the account.
        bool refused = result.Status < 500 && result.Answer is { IsFailure: true, Id: null };
        string said = refused ? result.Answer!.OwnWords : "";
        return result.Status switch
        {
            >= 300 and < 400 and not 303 => new FaceGenException(ErrorCode.ServiceMoved,
                $"The service answers with a redirect (HTTP {result.Status}); the key is not sent elsewhere. Check the address of Connect-FaceGen -BaseUri."),
            401 => new FaceGenException(ErrorCode.KeyRejected, Sentence("The service refuses the key", result)),
            402 => new FaceGenException(ErrorCode.OutOfCredits, Sentence("The account is out of credits", result)),
            // A page in place of the API's own words comes from a firewall, and may be about this one request.
            403 when result.Answer is not null => new FaceGenException(ErrorCode.NotInPlan, Sentence("The account may not do this", result)),
            // Whatever it says of plans and credits: the queue is full.
            429 => null,
            _ when RateLimit.IsMatch(said) => null,
            _ when Key.IsMatch(said) => new FaceGenException(ErrorCode.KeyRejected, Sentence("The service refuses the key", result)),
            _ when Credits.IsMatch(said) => new FaceGenException(ErrorCode.OutOfCredits, Sentence("The account is out of credits", result)),
            _ when Plan.IsMatch(said) => new FaceGenException(ErrorCode.NotInPlan, Sentence("The account may not do this", result)),
            _ => null,
        };
    }

    private static bool IsRateLimit(ApiResult result) => result.Status == 429
        || (result.Status < 500 && result.Answer is { IsFailure: true, Id: null } answer && RateLimit.IsMatch(answer.OwnWords))
        || IsAskedBack(result);

    /// <summary>
    /// Whether it refuses without a word about limits, but tells when to come back. What has "failed" may have been begun.
    /// </summary>
    private static bool IsAskedBack(ApiResult result) => result.Status is < 500 and not 429
        && result.Answer is { Status: "error", Id: null } answer && !RateLimit.IsMatch(answer.OwnWords)
        && (answer.RetryAfter > 0 || AskedBack.IsMatch(answer.OwnWords));

    /// <summary>Whether what costs nothing may be tried again.</summary>
    private static bool IsForNow(ApiResult result) => result.Status >= 500 || IsRateLimit(result);

    private static TimeSpan? WaitOf(ApiResult result)
    {
        if (result.Answer?.RetryAfter is >= 0 and <= 86400 and { } seconds) return TimeSpan.FromSeconds(seconds);
        if (result.RetryAfter is { } header) return header;

        Match prose = ProseWait.Match(result.Answer?.Message ?? "");
        if (!prose.Success) return null;

        double number = double.Parse(prose.Groups[1].Value, CultureInfo.InvariantCulture);
        return char.ToLowerInvariant(prose.Groups[2].Value[0]) switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            _ => TimeSpan.FromHours(number),
        };
    }

    private static int? QueueLimitOf(ApiResult result)
    {
        Match said = QueueLimit.Match(result.Answer?.OwnWords ?? "");
        return said.Success ? int.Parse(said.Groups[1].Value, CultureInfo.InvariantCulture) : null;
    }

    private static FaceGenException Refusal(ApiResult result) =>
        new(ErrorCode.RequestRefused, Sentence("The service refused the request", result));

    private static string Sentence(string what, ApiResult result) => $"{what}: {result.Describe().TrimEnd('.')}.";
}
