namespace FaceGen.Emulator.Faults;

/// <summary>
/// On which calls a fault happens: those of some kinds that meet every condition. Begin with <see cref="FaultOn"/>, as in
/// <c>At.Submit.Nth(3)</c>. Counts begin when the rule is added, and again when the emulator is reset.
/// </summary>
public sealed record FaultTrigger
{
    internal FaultTrigger(params IReadOnlyList<CallKind> kinds) => Kinds = kinds;

    /// <summary>The kinds of call.</summary>
    public IReadOnlyList<CallKind> Kinds { get; internal init; }

    /// <summary>Only the call of this number of each kind, counted from 1; null for every one.</summary>
    public int? CallNumber { get; private init; }

    /// <summary>
    /// Only so many calls about the same thing: submissions of one prompt, fetches of one generation, downloads of one
    /// picture; null for every one. Calls that cannot show the fault do not count.
    /// </summary>
    public int? FirstCalls { get; private init; }

    /// <summary>Only calls about a prompt that contains this text, in any case; null for every prompt.</summary>
    public string? Prompt { get; private init; }

    /// <summary>Only this share of the calls, above 0 and at most 1, drawn by lot; null for every one.</summary>
    public double? Rate { get; private init; }

    /// <summary>Seeds the lots; null for the emulator's own seed.</summary>
    public int? Seed { get; internal init; }

    /// <summary>At most so many calls in all; null for any number.</summary>
    public int? MaxTimes { get; private init; }

    /// <summary>Only the n-th call of each kind.</summary>
    /// <param name="number">The number, counted from 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="number"/> is below 1.</exception>
    public FaultTrigger Nth(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        return this with { CallNumber = number };
    }

    /// <summary>Only the first calls about the same thing, as <see cref="FirstCalls"/> tells.</summary>
    /// <param name="calls">How many, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="calls"/> is below 1.</exception>
    public FaultTrigger First(int calls)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(calls, 1);
        return this with { FirstCalls = calls };
    }

    /// <summary>Only calls about a prompt that contains the text, in any case.</summary>
    /// <param name="text">The text, not empty.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="text"/> is empty, or none of the kinds of call has a prompt.
    /// </exception>
    public FaultTrigger WithPrompt(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return Kinds.Any(HasPrompt)
            ? this with { Prompt = text }
            : throw new ArgumentException("Neither uploads nor calls about the account have a prompt.", nameof(text));
    }

    /// <summary>
    /// Only a share of the calls. The lots depend on the seed, on what a call is about and on how many calls about the
    /// same came before it, not on how calls about different things overtake each other.
    /// </summary>
    /// <param name="rate">The share, above 0 and at most 1.</param>
    /// <param name="seed">Seeds the lots. Default: the emulator's own seed.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rate"/> is no such share.</exception>
    public FaultTrigger AtRate(double rate, int? seed = null) => rate is > 0 and <= 1
        ? this with { Rate = rate, Seed = seed }
        : throw new ArgumentOutOfRangeException(nameof(rate), rate, "The rate must be above 0 and at most 1.");

    /// <summary>At most so many calls in all.</summary>
    /// <param name="times">How many, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> is below 1.</exception>
    public FaultTrigger Times(int times)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        return this with { MaxTimes = times };
    }

    /// <summary>Whether a call's number alone decides, so that nothing of its body need be known.</summary>
    internal bool CanMatchBeforeBody => FirstCalls is null && Prompt is null && Rate is null;

    private static bool HasPrompt(CallKind kind) => kind is CallKind.Submit or CallKind.Fetch or CallKind.Download or CallKind.Webhook;
}
