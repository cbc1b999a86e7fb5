using System.Diagnostics.CodeAnalysis;

namespace FaceGen.Emulator.Faults;

/// <summary>
/// Which fault happens on which calls. As text: <c>accepted-then-dropped@submit:nth=3</c>; see <see cref="Parse"/>.
/// </summary>
public sealed record FaultRule
{
    /// <summary>The longest waiting time that a fault tells: one day.</summary>
    internal static readonly TimeSpan MaxWait = TimeSpan.FromDays(1);

    /// <summary>The waiting time that a fault tells unless the rule says otherwise: one second.</summary>
    internal static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(1);

    /// <summary>One fault.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="trigger">The calls that it hits.</param>
    /// <exception cref="ArgumentException">The fault fits none of the kinds of call.</exception>
    public FaultRule(Fault fault, FaultTrigger trigger)
        : this([fault], trigger)
    {
    }

    /// <summary>Several faults, of which each call that is hit draws one that fits it and that it can show.</summary>
    /// <param name="faults">The faults, at least one.</param>
    /// <param name="trigger">The calls that they hit.</param>
    /// <exception cref="ArgumentException">
    /// A fault fits none of the kinds of call, or there are no faults.
    /// </exception>
    public FaultRule(IEnumerable<Fault> faults, FaultTrigger trigger)
    {
        ArgumentNullException.ThrowIfNull(faults);
        ArgumentNullException.ThrowIfNull(trigger);
        Faults = [.. faults];
        if (Faults.Count == 0)
            throw new ArgumentException("A rule needs a fault.", nameof(faults));
        foreach (Fault fault in Faults)
        {
            if (!trigger.Kinds.Any(fault.AppliesTo))
            {
                throw new ArgumentException(
                    $"The fault '{fault}' fits {FaultText.FormatKinds(fault.Kinds)} only.", nameof(trigger));
            }
        }

        Trigger = trigger with { Kinds = [.. trigger.Kinds.Where(kind => Faults.Any(fault => fault.AppliesTo(kind)))] };
    }

    /// <summary>The faults to draw from; mostly one.</summary>
    public IReadOnlyList<Fault> Faults { get; }

    /// <summary>The calls that are hit.</summary>
    public FaultTrigger Trigger { get; }

    /// <summary>
    /// The waiting time to tell the caller, or to move a webhook's call by, zero to one day, where the fault has to do
    /// with one. Default: one second.
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

    /// <summary>Whether it can be asked before a request's body is read.</summary>
    internal bool CanHitBeforeBody => Trigger.CanMatchBeforeBody && Faults.All(static fault => fault.CanHitBeforeBody);

    /// <summary>Any transient fault that fits the call, drawn by lot.</summary>
    /// <param name="trigger">The calls that are hit, such as <c>At.Any.AtRate(0.3, seed: 7)</c>.</param>
    public static FaultRule AnyTransient(FaultTrigger trigger)
    {
        ArgumentNullException.ThrowIfNull(trigger);
        return new FaultRule(Fault.All.Where(fault => fault.IsTransient && trigger.Kinds.Any(fault.AppliesTo)), trigger);
    }

    /// <summary>
    /// Reads a rule: <c>fault@kind</c> or <c>fault@kind:condition,condition…</c>.
    /// <list type="bullet">
    /// <item>The fault is a name, several with <c>|</c> between them, of which one is drawn, or <c>any</c>: every
    /// transient fault that fits.</item>
    /// <item>The kind is <c>submit</c>, <c>fetch</c>, <c>download</c>, <c>upload</c>, <c>account</c>,
    /// <c>webhook</c> (the service's own calls) or <c>any</c>.</item>
    /// <item>The conditions: <c>nth=3</c> (the third call of its kind), <c>first=2</c> (the first two calls about the
    /// same thing), <c>rate=0.1</c> (a share of the calls, drawn by lot), <c>seed=7</c> (for the lots), <c>times=4</c>
    /// (at most four calls), <c>wait=0.5</c> (the seconds that the fault tells the caller to wait, or by
    /// which it moves a webhook's call), and last, because it
    /// takes the rest of the text, <c>prompt=…</c> (calls about a prompt that contains it).</item>
    /// </list>
    /// </summary>
    /// <exception cref="FormatException"><paramref name="text"/> is no rule; the message says why.</exception>
    public static FaultRule Parse(string text) => TryParse(text, out FaultRule? rule, out string error)
        ? rule
        : throw new FormatException(error);

    /// <summary>Reads a rule as <see cref="Parse"/> does.</summary>
    /// <param name="text">The text to read.</param>
    /// <param name="rule">The rule; null where there is none.</param>
    /// <param name="error">Why there is none; empty where there is one.</param>
    /// <returns>Whether <paramref name="text"/> is a rule.</returns>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out FaultRule? rule, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        return FaultText.TryParse(text, out rule, out error);
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => FaultText.Format(this);
}
