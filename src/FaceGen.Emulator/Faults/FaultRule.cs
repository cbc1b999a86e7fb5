using System.Diagnostics.CodeAnalysis;

namespace FaceGen.Emulator.Faults;

/// <summary>
/// A fault and the calls that it hits. As text: <c>accepted-then-dropped@submit:nth=3</c>; see <see cref="Parse"/>.
/// </summary>
public sealed record FaultRule
{
    /// <summary>The longest wait that a fault reports: one day.</summary>
    internal static readonly TimeSpan MaxWait = TimeSpan.FromDays(1);

    /// <summary>The default wait that a fault reports: one second.</summary>
    internal static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(1);

    /// <summary>Creates a rule of one fault.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="trigger">The calls that it hits.</param>
    /// <exception cref="ArgumentException">The fault applies to none of the kinds of call.</exception>
    public FaultRule(Fault fault, FaultTrigger trigger)
        : this([fault], trigger)
    {
    }

    /// <summary>
    /// Creates a rule of several faults. Each call that is hit draws one that applies to it and that it can show.
    /// </summary>
    /// <param name="faults">The faults, at least one.</param>
    /// <param name="trigger">The calls that they hit.</param>
    /// <exception cref="ArgumentException">A fault applies to none of the kinds of call, or there are no faults.</exception>
    public FaultRule(IEnumerable<Fault> faults, FaultTrigger trigger)
    {
        ArgumentNullException.ThrowIfNull(faults);
        ArgumentNullException.ThrowIfNull(trigger);
        Faults = [.. faults];
        if (Faults.Count == 0)
            throw new ArgumentException("A rule needs at least one fault.", nameof(faults));
        foreach (Fault fault in Faults)
        {
            if (!trigger.Kinds.Any(fault.AppliesTo))
            {
                throw new ArgumentException(
                    $"The fault '{fault}' applies only to {FaultText.FormatKinds(fault.Kinds)}.", nameof(trigger));
            }
        }

        Trigger = trigger with { Kinds = [.. trigger.Kinds.Where(kind => Faults.Any(fault => fault.AppliesTo(kind)))] };
    }

    /// <summary>Gets the faults to draw from; usually one.</summary>
    public IReadOnlyList<Fault> Faults { get; }

    /// <summary>Gets the calls that are hit.</summary>
    public FaultTrigger Trigger { get; }

    /// <summary>
    /// Gets the wait that the fault reports to the caller, or by which it moves a webhook delivery: zero to one day.
    /// Default: one second.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or longer than a day.</exception>
    public TimeSpan Wait
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxWait);
            field = value;
        }
    } = DefaultWait;

    /// <summary>True if the rule can match before a request's body is read.</summary>
    internal bool CanHitBeforeBody => Trigger.CanMatchBeforeBody && Faults.All(static fault => fault.CanHitBeforeBody);

    /// <summary>Creates a rule that draws any transient fault that applies to the call.</summary>
    /// <param name="trigger">The calls that are hit, such as <c>FaultOn.Any.AtRate(0.3, seed: 7)</c>.</param>
    public static FaultRule AnyTransient(FaultTrigger trigger)
    {
        ArgumentNullException.ThrowIfNull(trigger);
        return new FaultRule(Fault.All.Where(fault => fault.IsTransient && trigger.Kinds.Any(fault.AppliesTo)), trigger);
    }

    /// <summary>
    /// Parses a rule: <c>fault@kind</c> or <c>fault@kind:condition,condition…</c>.
    /// <list type="bullet">
    /// <item>The fault is an id, several ids separated by <c>|</c>, of which one is drawn, or <c>any</c>: every transient
    /// fault that applies.</item>
    /// <item>The kind is <c>submit</c>, <c>fetch</c>, <c>download</c>, <c>upload</c>, <c>account</c>, <c>webhook</c> (the
    /// service's deliveries) or <c>any</c>.</item>
    /// <item>The conditions are <c>nth=3</c> (the third call of its kind), <c>first=2</c> (the first two calls about the
    /// same subject), <c>rate=0.1</c> (a random share of the calls), <c>seed=7</c> (of the rate), <c>times=4</c> (at most
    /// four hits), <c>wait=0.5</c> (the seconds that the fault reports, or by which it moves a webhook delivery), and last,
    /// because it takes the rest of the text, <c>prompt=…</c> (calls whose prompt contains it).</item>
    /// </list>
    /// </summary>
    /// <exception cref="FormatException"><paramref name="text"/> is not a rule; the message says why.</exception>
    public static FaultRule Parse(string text) => TryParse(text, out FaultRule? rule, out string error)
        ? rule
        : throw new FormatException(error);

    /// <summary>Parses a rule as <see cref="Parse"/> does.</summary>
    /// <param name="text">The text to parse.</param>
    /// <param name="rule">The rule; null if the text is invalid.</param>
    /// <param name="error">The reason; empty if the text is valid.</param>
    /// <returns>True if <paramref name="text"/> is a rule.</returns>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out FaultRule? rule, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        return FaultText.TryParse(text, out rule, out error);
    }

    /// <summary>Returns the text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => FaultText.Format(this);
}
