using System.Globalization;
using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.Faults;

/// <summary>
/// The active fault rules, in the order they were added. The first rule that matches a call hits it. Thread-safe.
/// </summary>
public sealed class FaultPlan
{
    private readonly Lock _lock = new();
    private readonly int _seed;
    private List<ActiveRule> _rules;

    internal FaultPlan(IEnumerable<FaultRule> rules, int seed)
    {
        _seed = seed;
        _rules = [.. rules.Select(Activate)];
    }

    /// <summary>Gets the rules in order.</summary>
    public IReadOnlyList<FaultRule> Rules
    {
        get
        {
            lock (_lock)
                return [.. _rules.Select(static active => active.Rule)];
        }
    }

    /// <summary>Adds a rule after the existing ones; its counts begin now.</summary>
    /// <param name="rule">The rule.</param>
    public void Add(FaultRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        lock (_lock)
            _rules.Add(Activate(rule));
    }

    /// <summary>Adds a rule of one fault, as in <c>Add(Fault.ById("Q14-empty"), FaultOn.Submit.Nth(3))</c>.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="trigger">The calls that it hits.</param>
    /// <exception cref="ArgumentException">The fault applies to none of the kinds of call.</exception>
    public void Add(Fault fault, FaultTrigger trigger) => Add(new FaultRule(fault, trigger));

    /// <summary>Removes all rules.</summary>
    public void Clear()
    {
        lock (_lock)
            _rules = [];
    }

    /// <summary>Returns the rules and the number of calls that each has hit.</summary>
    internal IReadOnlyList<(FaultRule Rule, int Times)> GetHitCounts()
    {
        lock (_lock)
            return [.. _rules.Select(static active => (active.Rule, active.Times))];
    }

    /// <summary>Restarts all counts.</summary>
    internal void ResetCounts()
    {
        lock (_lock)
            _rules = [.. _rules.Select(static active => active.Rule).Select(Activate)];
    }

    /// <summary>Chooses a fault for an arrived call whose body is not yet read.</summary>
    /// <returns>The fault to inject now; null to read the body.</returns>
    internal FaultInjection? ChooseBeforeBody(CallInfo call) => Choose(call, beforeBody: true);

    /// <summary>Chooses a fault for a call that has been read.</summary>
    /// <returns>The fault to inject; null for none.</returns>
    internal FaultInjection? ChooseAfterBody(CallInfo call) => Choose(call, beforeBody: false);

    private FaultInjection? Choose(CallInfo call, bool beforeBody)
    {
        lock (_lock)
        {
            (ActiveRule Rule, IReadOnlyList<Fault> Faults)? match = null;
            foreach (ActiveRule active in _rules.Where(active => active.Rule.CanHitBeforeBody == beforeBody))
            {
                if (active.CountAndMatch(call) is { Count: > 0 } faults)
                    match ??= (active, faults);
            }

            if (match is not var (rule, candidates))
                return null;
            rule.RecordHit(call, candidates[0]);
            return new FaultInjection(candidates, rule.Rule.Wait, () => UndoHit(rule, call));
        }
    }

    private void UndoHit(ActiveRule rule, CallInfo call)
    {
        lock (_lock)
            rule.UndoHit(call);
    }

    private ActiveRule Activate(FaultRule rule) => new(rule, _seed);
}

/// <summary>A rule and its counts since it was added. Guarded by the plan's lock.</summary>
internal sealed class ActiveRule(FaultRule rule, int emulatorSeed)
{
    /// <summary>Part of the random seed, so that rules draw independently.</summary>
    private readonly string _ruleText = rule.ToString();

    private readonly Dictionary<CallKind, int> _callsByKind = [];
    private readonly Dictionary<(CallKind, string), int> _callsBySubject = [];

    /// <summary>The permanent fault of each subject that was hit.</summary>
    private readonly Dictionary<(CallKind, string), Fault> _permanent = [];

    internal FaultRule Rule => rule;

    /// <summary>Gets the number of calls hit, without the repetitions of a permanent fault.</summary>
    internal int Times { get; private set; }

    /// <summary>Counts a call, whichever rule hits it.</summary>
    /// <returns>The faults to try, preferred first; empty if the rule does not match.</returns>
    internal IReadOnlyList<Fault> CountAndMatch(CallInfo call)
    {
        if (!rule.Trigger.Kinds.Contains(call.Kind))
            return [];

        (CallKind, string Subject) subject = (call.Kind, call.Subject);
        int number = _callsByKind[call.Kind] = _callsByKind.GetValueOrDefault(call.Kind) + 1;
        int occurrence = _callsBySubject[subject] = _callsBySubject.GetValueOrDefault(subject) + 1;
        if (_permanent.TryGetValue(subject, out Fault? permanent))
            return [permanent];

        FaultTrigger trigger = rule.Trigger;
        bool isMatch = (trigger.CallNumber is null || trigger.CallNumber == number)
            && (trigger.FirstCalls is null || occurrence <= trigger.FirstCalls)
            && (trigger.MaxTimes is null || Times < trigger.MaxTimes)
            && (trigger.Prompt is null || call.Prompt?.Contains(trigger.Prompt, StringComparison.OrdinalIgnoreCase) == true);
        return isMatch ? DrawFaults(call, occurrence) : [];
    }

    /// <summary>Records that this rule hits the call just counted.</summary>
    internal void RecordHit(CallInfo call, Fault fault)
    {
        if (_permanent.ContainsKey((call.Kind, call.Subject)))
            return;
        Times++;
        if (fault.IsPermanent && call.Kind is CallKind.Fetch or CallKind.Download)
            _permanent[(call.Kind, call.Subject)] = fault;
    }

    /// <summary>Undoes a hit, because the call could not show the fault.</summary>
    internal void UndoHit(CallInfo call)
    {
        if (_permanent.ContainsKey((call.Kind, call.Subject)))
            return;
        Times--;
        _callsBySubject[(call.Kind, call.Subject)]--;
    }

    private Fault[] DrawFaults(CallInfo call, int occurrence)
    {
        Fault[] applicable = [.. rule.Faults.Where(fault => fault.AppliesTo(call.Kind))];
        if (rule.Trigger.Rate is null && applicable.Length <= 1)
            return applicable;

        Random random = SeededRandom.Create(rule.Trigger.Seed ?? emulatorSeed, $"{_ruleText} {call.Kind} {call.Subject}", occurrence);
        if (random.NextDouble() >= (rule.Trigger.Rate ?? 1))
            return [];
        random.Shuffle(applicable);
        return applicable;
    }
}

/// <summary>The properties of a call that select a fault.</summary>
/// <param name="Kind">The kind of call.</param>
/// <param name="Subject">
/// The subject of the call: equal for calls about the same thing, and in every run, in any order of ids.
/// </param>
/// <param name="Prompt">The prompt; null if the call has none.</param>
internal sealed record CallInfo(CallKind Kind, string Subject, string? Prompt)
{
    internal static CallInfo ForSubmission(string? prompt) => new(CallKind.Submit, prompt ?? "", prompt);

    internal static CallInfo ForFetch(EmulatedGeneration? generation) =>
        new(CallKind.Fetch, generation?.Identity ?? "", generation?.Parameters.Prompt);

    internal static CallInfo ForDownload(EmulatedGeneration generation, long index) => new(
        CallKind.Download,
        string.Create(CultureInfo.InvariantCulture, $"{index} {generation.Identity}"),
        generation.Parameters.Prompt);

    internal static CallInfo ForWebhook(EmulatedGeneration generation) =>
        new(CallKind.Webhook, generation.Identity, generation.Parameters.Prompt);

    internal static CallInfo ForOther(CallKind kind, string path) => new(kind, path, Prompt: null);
}
