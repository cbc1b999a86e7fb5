using System.Globalization;
using System.Text.RegularExpressions;

namespace FaceGen.Http;

/// <summary>
/// Analyzes the service's message without the request's texts (<see cref="RequestEcho"/>) and without quoted text. Public clients of
/// the service report these phrases; see also Q5, Q6, Q13, Q38, Q40 and Q43.
/// </summary>
internal sealed class ServiceMessage
{
    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private const string Period = "monthly|daily|weekly|yearly|annual|free|trial";
    private const string Allowance = "limits?|quotas?|allowances?|budgets?|caps?";
    private const string Exceeded = "exceeded|reached|crossed|surpassed|exhausted|used up|hit|consumed";
    private const string Ended = @"(have |has |is |are |was |were )?(been |already |fully |completely )*(exceeded|reached|crossed|surpassed|exhausted|used up|used|consumed|depleted|over|finished|hit)\b";
    private const string Wrong = "invalid|wrong|incorrect|missing|revoked|expired|required|disabled|deactivated|unknown|blocked|suspended|banned";
    private const string ClosedStates = "suspended|banned|blocked|disabled|deactivated|locked|inactive|terminated|restricted|closed|frozen|deleted|flagged|cancell?ed|not active|on hold|expired|under review|past due|(not|un)( yet)? ?(verified|activated|approved)";

    private static readonly Regex RateLimit = new(@"rate limit|too many requests|queued requests|queue is full|queue limit|\bconcurren(t|cy)\b|\b(in parallel|parallel (requests|generations|jobs)|simultaneous(ly)?)\b|requests? per (second|minute|hour)|(per[- ](second|minute)|hourly) limit", Options);

    /// <summary>Matches an exhausted allowance of money, or of a day or longer: waiting for a slot does not help.</summary>
    private static readonly Regex AllowanceExhausted = new(
        $@"\b({Period}|billing|spending|usage|credits?|plan|subscription|account)( \w+){{0,2}} ({Allowance}) {Ended}"
        + $@"|\b({Exceeded})( all)?( of)?( your| the| this)?( \w+){{0,2}} ({Period}|billing|spending|usage|plan|subscription|account)( \w+){{0,2}} ({Allowance})"
        + $@"|\bquotas? {Ended}|\b({Exceeded}|insufficient)( all)?( of)?( your| the)?( \w+){{0,2}} quotas?\b"
        + $@"|\b({Allowance}) for (this|the|your) (month|day|week|year|billing period|billing cycle) {Ended}"
        + $@"|\b({Exceeded}) (your|the|all)( \w+){{0,4}} (of|for|in) (your|this|the)( current)? (plan|subscription|trial|month|day|week|billing period|billing cycle)\b", Options);

    /// <summary>Matches an exhausted allowance that can also be a short-term limit.</summary>
    private static readonly Regex AllowancePossiblyExhausted = new($@"\b({Exceeded})( all)?( of)? your( \w+){{0,2}} ({Allowance}|requests|calls|generations|images)\b", Options);

    /// <summary>Matches an allowance that is not a rate limit.</summary>
    private static readonly Regex LongAllowance = new(@"\b(monthly|daily|weekly|yearly|annual|billing|spending|credits?)\b", Options);

    private static readonly Regex OutOfCredits = new(
        @"out of (credits?|funds|balance|money|quota)|run out of( \w+){0,2} (credits|tokens|calls|requests|generations|images)|(not enough|insufficient)( \w+){0,2} (credits?|funds|balance|tokens)|\b(no|0|zero)( \w+){0,2} (credits?|tokens|generations|images|requests|calls) (left|remaining)\b|\bno remaining (credits|balance|tokens)|^\W*(your )?(low|zero|negative)( \w+)? balance|\bno (more )?(credits?|funds|balance)(?= *([.,;:!]|$)| (left|remaining|available|in your))"
        + @"|(not|n't) have (enough|any|sufficient)( \w+){0,2} (credits?|funds|balance)|add (more )?(funds|credits|balance|money)|(recharge|refill|reload) (your|the)|\btop[ -]up\b|(purchase|buy) (more |additional )?(credits|tokens)"
        + @"|\b(wallet|balance|credits?|funds)( balance)? (is |are |has |have )?(been )?(too low|low|insufficient|not enough|not sufficient|exhausted|used up|run out|depleted|empty|zero|negative|finished|over|expired)\b"
        + @"|\b(used|consumed|spent)( up)? (all )?(of )?(your|the) (credits?|funds|balance)|payment (is |was |has )?(required|failed|declined|overdue|past due)|card (was |has been )?declined|billing (hard )?limit|(unpaid|overdue|outstanding) invoice", Options);

    // A key of the request ("missing key 'prompt'", "keypoints") is not the account's key.
    private static readonly Regex KeyRejected = new(
        $@"\b(invalid|wrong|incorrect|missing|revoked|expired) key\b(?! *'')|\b({Wrong})( or \w+)?( (your|the|modelslab|access|secret))* api[ -]?(key|token)|\b(no|without an?) api[ -]?key|(provide|enter|supply|need|use)( \w+){{0,2}} api[ -]?key"
        + $@"|\bkey (is |field is |was |has been |have been )?({Wrong}|not (valid|found|provided|active))\b|api[ -]?key( \w+){{1,3}} is ({Wrong}|not valid)|api[ -]?key (does not|doesn't) exist|unauthori[sz]ed (key|user|api)|invalid (api )?credentials", Options);

    /// <summary>Matches denied access, by the key or to a link that the service cannot read.</summary>
    private static readonly Regex AccessDenied = new(
        @"unauthori[sz]ed (access|request)|^\W*(unauthori[sz]ed|unauthenticated)\W*$|not authenticated|authentication (has )?(failed|is required|required)", Options);

    /// <summary>Matches a plan without the requested feature. Moderation messages can advertise a plan too.</summary>
    private static readonly Regex NotInPlan = new(
        @"not (allowed|included|available|supported) (in|on|for|with|by) your( \w+)? (plan|subscription)|upgrade (your|to|the) (\w+ ){0,2}(plan|subscription|account|tier|membership)|upgrade (subscription|plan)\b|upgrade to (a |an |the )?(\w+ )?(premium|enterprise|pro|paid|standard|basic|unlimited)"
        + @"|\b(subscription|plan|membership|trial|licen[cs]e) (has |is |was )?(been |already )?(expired|ended|over|lapsed|cancell?ed|inactive|not active|suspended|paused|required|needed|finished|invalid)\b"
        + @"|\b(plan|subscription) (does not|doesn't|cannot|can't) (include|support|allow|cover|use|access)|(only |not )(available|open|accessible) (to|for) (premium|enterprise|paid|pro|free|trial) (\w+ )?(users|customers|members|plans|accounts|subscribers)"
        + @"|(requires?|needs?|without|have) (an? )?(\w+ )?(premium|enterprise|paid|active|valid|pro|standard|higher) (subscription|plan|membership|account)"
        + @"|\b(premium|enterprise|paid|active|valid) (subscription|plan|membership|account) (is )?(required|needed)|\b(no|any) (active |valid |paid )?(subscription|plan|membership)\b|\bnot (have|subscribed)( to)? (an? |any )?(active |valid |paid )?(subscription|plan|membership|api)"
        + @"|\b(renew|buy|purchase|activate) (your|an?) (\w+ )?(subscription|plan|membership)|\bsubscribe (to|now)\b|\bnot subscribed\b|not authori[sz]ed to (use|access) (this|the) (api|service|endpoint)", Options);

    private static readonly Regex AccountClosed = new(
        $@"\b(account|user|profile|organi[sz]ation|team)( (account|profile|id|status|access|name))? (has |is |was )(been )?(\w+ly )?({ClosedStates})\b|^\W*((your|the|this|user) )*account ({ClosedStates})\b|\bip( address)?( \w+){{0,3}} (blocked|banned|blacklisted|not (allowed|whitelisted|authori[sz]ed))|\bverify your (account|email|phone)", Options);

    /// <summary>Matches a text or image that is refused for its content.</summary>
    private static readonly Regex Moderation = new(@"\b(nsfw|safety|moderat\w+|polic(y|ies)|violat\w+|inappropriate|prohibited|explicit|sexual)\b", Options);

    /// <summary>Matches messages after which the request may have been accepted.</summary>
    private static readonly Regex Ambiguous = new(
        @"\btime(d|s)?[- ]?out|\btook too long|\btaking (too long|longer)|still (processing|generating|running|in progress|being processed|working)|(already|is|are|being) (being )?(processed|generated|in progress|processing|queued)\b"
        + @"|\bin progress\b|connection (was |has been )?(lost|closed|reset|dropped|refused)|lost connection|bad gateway|no response|upstream|deadline exceeded|internal (server )?error|server error|unexpected (server )?error|try (to )?fetch|fetch (it|the result|your)|(cuda|gpu|worker)( \w+){0,2} (out of memory|crashed|died|restarted)|will be (ready|available|processed|generated|notified)", Options);

    /// <summary>Matches a limit of the requests at the same time, which is not one of their rate.</summary>
    private static readonly Regex QueueFull = new(@"\bqueue|\bconcurren|\bparallel|\bsimultaneous", Options);

    private static readonly Regex QueueLimitPattern = new(@"maximum (?:of )?([1-9]\d{0,2}) queued", Options);
    private static readonly Regex FaceUnreadable = new(@"(face|image|link|url).*\b(download|load|fetch|read|open|access|retriev|reach|expire)|\b(download|load|fetch|read|open|access|retriev|reach|expire).*(face|image|link|url)|valid (image )?(link|url)", Options);

    /// <summary>Matches a refusal of how an image was sent.</summary>
    private static readonly Regex FaceFormatRefused = new(@"\bbase64\b|\bface[_ ]?image\b.*\b(invalid|format|must be|string|url|link)\b|\b(invalid|unsupported)\b.*\bimage\b", Options);

    /// <summary>Matches a denial of the id that was fetched. "The face was not found" and "invalid model id" are about the generation.</summary>
    private static readonly Regex GenerationUnknown = new(
        @"(\b(request|generation|task|job)( with)?( the)?( id)?|^\W*(the |this |your )?id):?( ''| #?[\w-]*\d[\w-]*)?( was| is)? (not found|unknown|does not exist|doesn't exist)\b"
        + @"|\bno such (request|generation|task|job|id)\b|\b(unknown|invalid) ((request|generation|task|job) )?id\b", Options);

    private static readonly Regex FaceNotFound = new(@"\bno (human )?faces?\b|\bfaces? (was |is |were |could )?not\b|\b(invalid|corrupt\w*|unsupported|damaged) (face |input )?image", Options);
    private static readonly Regex WaitTime = new(@"(?:in|after|within|wait(?: for)?)\s+(?:about |another |at least )?(\d{1,6}(?:\.\d+)?)\s*(s|sec|second|m|min|minute|h|hr|hour)s?\b", Options);
    private static readonly Regex RetryHint = new($@"\b(try|retry|again|come back)\b.*\b{WaitTime}|\bwait\b.*\b(in|after) .*\b{WaitTime}|\b(?=wait){WaitTime}", Options);

    /// <summary>Matches a retry hint in one clause of a tip. Tips can be advertisements.</summary>
    private static readonly Regex RetryHintInTip = new($@"\b(try again|retry|come back)\b[^.!]*\b{WaitTime}|\b(?=wait){WaitTime}", Options);

    /// <summary>Matches the refusal of a request that equals an earlier one (Q40).</summary>
    private static readonly Regex Repeat = new(@"\bspam|\bduplicated? (request|prompt|generation|submission)|\b(same|identical|repeated) (request|prompt|payload|parameters|body)\b", Options);

    private static readonly Regex Quoted = new("\"[^\"]*\"|(?<!\\w)'[^']*'(?!\\w)|“[^”]*”|`[^`]*`", RegexOptions.CultureInvariant);

    /// <summary>Matches numbers and ids, which differ for the same reason.</summary>
    private static readonly Regex Numbers = new(@"\b\w*\d\w*(-\w+)*", RegexOptions.CultureInvariant);

    private readonly ApiResult _result;
    private readonly string _text;
    private readonly string _tips;
    private readonly string _message;

    private ServiceMessage(ApiResult result, RequestEcho echo)
    {
        _result = result;
        _text = RemoveQuotedText(result.Response?.MessageText, echo);
        _tips = RemoveQuotedText(result.Response?.Tips, echo);
        _message = result.Response?.Message is { Length: > 0 } all ? echo.Remove(all) : "";
        Reason = $"{result.Status} {Numbers.Replace(_message.Length > 0 ? _message : result.Describe(), "0")}";
    }

    /// <summary>Reads the message of a response.</summary>
    internal static ServiceMessage Parse(ApiResult result, RequestEcho? echo = null) => new(result, echo ?? RequestEcho.None);

    /// <summary>
    /// Gets the reason without the request's texts and without numbers, equal for all requests that fail for the same reason.
    /// </summary>
    internal string Reason { get; }

    /// <summary>True if the message is about the rate limit or a full queue.</summary>
    internal bool IsRateLimit => RateLimit.IsMatch(_text);

    /// <summary>True if the message says that too many requests are queued or processed.</summary>
    internal bool IsQueueFull => QueueFull.IsMatch(_text);

    /// <summary>True if the request may have been accepted in spite of the message.</summary>
    internal bool IsAmbiguous => Ambiguous.IsMatch(_text);

    /// <summary>True if the response says when to retry.</summary>
    internal bool HasRetryHint => _result.Response?.RetryAfter > 0 || RetryHint.IsMatch(_text) || RetryHintInTip.IsMatch(_tips);

    /// <summary>True if the service does not know the id that was fetched.</summary>
    internal bool IsGenerationUnknown => GenerationUnknown.IsMatch(_text);

    /// <summary>True if the service accepts the same request again only after a while.</summary>
    internal bool IsRepeat => RetryDelay is not null && (Repeat.IsMatch(_text) || Repeat.IsMatch(_tips));

    /// <summary>True if the service cannot read the face image.</summary>
    internal bool IsFaceUnreadable => FaceUnreadable.IsMatch(_message);

    /// <summary>True if the service refuses the way in which the face image was sent, or may do so.</summary>
    internal bool IsFaceRefused => IsFaceUnreadable || FaceFormatRefused.IsMatch(_message);

    /// <summary>True if the service cannot read the face image or finds no face in it.</summary>
    internal bool IsFaceImageError => IsFaceUnreadable || FaceNotFound.IsMatch(_message);

    /// <summary>True if an allowance of a day or longer is certainly exhausted.</summary>
    internal bool IsAllowanceExhausted => AllowanceExhausted.IsMatch(_text) && (!IsRateLimit || LongAllowance.IsMatch(_text));

    /// <summary>Gets the error of the account, which affects every request; null if the message is not about the account.</summary>
    internal ErrorCode? AccountError =>
        KeyRejected.IsMatch(_text) || (AccessDenied.IsMatch(_text) && !FaceUnreadable.IsMatch(_text)) ? ErrorCode.KeyRejected
        : AllowanceExhausted.IsMatch(_text) || AllowancePossiblyExhausted.IsMatch(_text) || OutOfCredits.IsMatch(_text) ? ErrorCode.OutOfCredits
        : AccountClosed.IsMatch(_text) || (NotInPlan.IsMatch(_text) && !Moderation.IsMatch(_text)) ? ErrorCode.NotInPlan
        : null;

    /// <summary>Gets the limit of the account's queue in the message, if any.</summary>
    internal int? QueueLimit => QueueLimitPattern.Match(_text) is { Success: true } match
        ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
        : null;

    /// <summary>Gets the delay that the service requests, from the body, the header or the message; null if there is none.</summary>
    internal TimeSpan? RetryDelay
    {
        get
        {
            if (_result.Response?.RetryAfter is >= 0 and <= 86400 and { } seconds) return TimeSpan.FromSeconds(seconds);
            if (_result.RetryAfter is { } header) return header;

            Match match = WaitTime.Match(_text) is { Success: true } inText ? inText : WaitTime.Match(_tips);
            if (!match.Success) return null;

            double number = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
            return char.ToLowerInvariant(match.Groups[2].Value[0]) switch
            {
                's' => TimeSpan.FromSeconds(number),
                'm' => TimeSpan.FromMinutes(number),
                _ => TimeSpan.FromHours(number),
            };
        }
    }

    private static string RemoveQuotedText(string? text, RequestEcho echo) =>
        string.IsNullOrEmpty(text) ? "" : Quoted.Replace(echo.Remove(text!).Replace('_', ' '), "''");
}
