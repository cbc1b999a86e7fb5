namespace FaceGen.Emulator.Faults;

/// <summary>
/// The calls that a fault hits: those of the given kinds that meet every condition. Begin with <see cref="FaultOn"/>,
/// as in <c>FaultOn.Submit.Nth(3)</c>. Counts begin when the rule is added and restart when the emulator is reset.
/// </summary>
public sealed record FaultTrigger
{
    internal FaultTrigger(params IReadOnlyList<CallKind> kinds) => Kinds = kinds;

    /// <summary>Gets the kinds of call.</summary>
    public IReadOnlyList<CallKind> Kinds { get; internal init; }

    /// <summary>Gets the number of the one call of each kind to hit, from 1; null for every call.</summary>
    public int? CallNumber { get; private init; }

    /// <summary>
    /// Gets the number of first calls to hit about each subject: submissions of one prompt, fetches of one generation,
    /// downloads of one picture; null for every call. Calls that cannot show the fault do not count.
    /// </summary>
    public int? FirstCalls { get; private init; }

    /// <summary>Gets the text that the prompt must contain, in any case; null for every prompt.</summary>
    public string? Prompt { get; private init; }

    /// <summary>Gets the share of calls to hit, above 0 and at most 1, drawn at random; null for every call.</summary>
    public double? Rate { get; private init; }

    /// <summary>Gets the seed of the random draws; null for the emulator's seed.</summary>
    public int? Seed { get; internal init; }

    /// <summary>Gets the maximum number of hits; null for no limit.</summary>
    public int? MaxTimes { get; private init; }

    /// <summary>Hits only the n-th call of each kind.</summary>
    /// <param name="number">The number, from 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="number"/> is below 1.</exception>
    public FaultTrigger Nth(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        return this with { CallNumber = number };
    }

    /// <summary>Hits only the first calls about each subject; see <see cref="FirstCalls"/>.</summary>
    /// <param name="calls">The number of calls, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="calls"/> is below 1.</exception>
    public FaultTrigger First(int calls)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(calls, 1);
        return this with { FirstCalls = calls };
    }

    /// <summary>Hits only calls whose prompt contains the text, in any case.</summary>
    /// <param name="text">The text, not empty.</param>
    /// <exception cref="ArgumentException"><paramref name="text"/> is empty, or none of the kinds of call has a prompt.</exception>
    public FaultTrigger WithPrompt(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return Kinds.Any(HasPrompt)
            ? this with { Prompt = text }
            : throw new ArgumentException("Uploads and account calls have no prompt.", nameof(text));
    }

    /// <summary>
    /// Hits only a share of the calls. The draws depend on the seed, the call's subject and the number of earlier calls
    /// about it, not on the order of calls about different subjects.
    /// </summary>
    /// <param name="rate">The share, above 0 and at most 1.</param>
    /// <param name="seed">The seed of the draws. Default: the emulator's seed.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rate"/> is out of range.</exception>
    public FaultTrigger AtRate(double rate, int? seed = null) => rate is > 0 and <= 1
        ? this with { Rate = rate, Seed = seed }
        : throw new ArgumentOutOfRangeException(nameof(rate), rate, "The rate must be above 0 and at most 1.");

    /// <summary>Limits the number of hits.</summary>
    /// <param name="times">The maximum, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is below 1.</exception>
    public FaultTrigger Times(int times)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        return this with { MaxTimes = times };
    }

    /// <summary>True if the call number alone decides, so that the body is not needed.</summary>
    internal bool CanMatchBeforeBody => FirstCalls is null && Prompt is null && Rate is null;

    private static bool HasPrompt(CallKind kind) => kind is CallKind.Submit or CallKind.Fetch or CallKind.Download or CallKind.Webhook;
}

/// <summary>Starts a <see cref="FaultTrigger"/> with the kind of call.</summary>
public static class FaultOn
{
    /// <summary>Gets a trigger for submissions.</summary>
    public static FaultTrigger Submit { get; } = new(CallKind.Submit);

    /// <summary>Gets a trigger for fetches.</summary>
    public static FaultTrigger Fetch { get; } = new(CallKind.Fetch);

    /// <summary>Gets a trigger for picture downloads.</summary>
    public static FaultTrigger Download { get; } = new(CallKind.Download);

    /// <summary>Gets a trigger for face image uploads.</summary>
    public static FaultTrigger Upload { get; } = new(CallKind.Upload);

    /// <summary>Gets a trigger for calls about the account.</summary>
    public static FaultTrigger Account { get; } = new(CallKind.Account);

    /// <summary>Gets a trigger for the service's webhook deliveries.</summary>
    public static FaultTrigger Webhook { get; } = new(CallKind.Webhook);

    /// <summary>Gets a trigger for every kind of call that the fault applies to.</summary>
    public static FaultTrigger Any { get; } = new(Enum.GetValues<CallKind>());

    /// <summary>Creates a trigger for one kind of call.</summary>
    /// <param name="kind">The kind.</param>
    public static FaultTrigger Kind(CallKind kind) => new(kind);
}

/// <summary>The kinds of call that a fault can hit.</summary>
public enum CallKind
{
    /// <summary>A submission: <c>POST …/face_gen</c> and its enterprise variants.</summary>
    Submit,

    /// <summary>A fetch of a generation: <c>POST …/fetch/{id}</c>.</summary>
    Fetch,

    /// <summary>A picture download: <c>GET /images/…</c>.</summary>
    Download,

    /// <summary>A face image upload: <c>POST …/base64_to_url</c>.</summary>
    Upload,

    /// <summary>Any other call: the queue, the wallet, the list and the deletion of images.</summary>
    Account,

    /// <summary>The service's delivery to the webhook of a request.</summary>
    Webhook,
}
