using System.Globalization;
using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.Faults;

/// <summary>
/// Which faults happen: rules in the order of their adding, of which the first that chooses a call wins it. Safe for use
/// by several threads.
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

    /// <summary>The rules in their order.</summary>
    public IReadOnlyList<FaultRule> Rules
    {
        get
        {
            lock (_lock)
                return [.. _rules.Select(static active => active.Rule)];
        }
    }

    /// <summary>Adds a rule after those that are there; its counts begin now.</summary>
    /// <param name="rule">The rule.</param>
    public void Add(FaultRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        lock (_lock)
            _rules.Add(Activate(rule));
    }

    /// <summary>Adds a rule of one fault, as in <c>Add(Fault.ById("Q14-empty"), At.Submit.Nth(3))</c>.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="trigger">The calls that it hits.</param>
    /// <exception cref="ArgumentException">The fault fits none of the kinds of call.</exception>
    public void Add(Fault fault, FaultTrigger trigger) => Add(new FaultRule(fault, trigger));

    /// <summary>Takes all rules away: from now on every call is served well.</summary>
    public void Clear()
    {
        lock (_lock)
            _rules = [];
    }

    /// <summary>The rules and how many calls each has hit.</summary>
    internal IReadOnlyList<(FaultRule Rule, int Times)> GetHitCounts()
    {
        lock (_lock)
            return [.. _rules.Select(static active => (active.Rule, active.Times))];
    }

    /// <summary>Begins all counts anew.</summary>
    internal void ResetCounts()
    {
        lock (_lock)
            _rules = [.. _rules.Select(static active => active.Rule).Select(Activate)];
    }

    /// <summary>A call has arrived, of which no more is known than its kind.</summary>
    /// <returns>The fault that it shall have now; null where it shall be read.</returns>
    internal FaultInjection? ChooseBeforeBody(CallInfo call) => Choose(call, beforeBody: true);

    /// <summary>A call has been read, and shall be handled next.</summary>
    /// <returns>The fault that it shall have; null where it shall have none.</returns>
    internal FaultInjection? ChooseAfterBody(CallInfo call) => Choose(call, beforeBody: false);

    private FaultInjection? Choose(CallInfo call, bool beforeBody)
    {
        lock (_lock)
        {
            (ActiveRule Rule, IReadOnlyList<Fault> Faults)? winner = null;
            foreach (ActiveRule active in _rules.Where(active => active.Rule.CanHitBeforeBody == beforeBody))
            {
                if (active.CountAndMatch(call) is { Count: > 0 } faults)
                    winner ??= (active, faults);
            }

            if (winner is not var (rule, candidates))
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

/// <summary>A rule and what it has counted since it was added. Guarded by the plan's lock.</summary>
internal sealed class ActiveRule(FaultRule rule, int emulatorSeed)
{
    private readonly Dictionary<CallKind, int> _callsByKind = [];
    private readonly Dictionary<(CallKind, string), int> _callsBySubject = [];

    /// <summary>What a fault that sticks has hit, and the fault.</summary>
    private readonly Dictionary<(CallKind, string), Fault> _permanent = [];

    internal FaultRule Rule => rule;

    /// <summary>Part of what seeds the lots, so that rules draw apart from each other.</summary>
    private readonly string _ruleText = rule.ToString();

    /// <summary>How many calls were chosen, those aside that a fault stayed with.</summary>
    internal int Times { get; private set; }

    /// <summary>Counts a call, whoever wins it.</summary>
    /// <returns>The faults for it, the first the best; none where the rule does not choose it.</returns>
    internal IReadOnlyList<Fault> CountAndMatch(CallInfo call)
    {
        if (!rule.Trigger.Kinds.Contains(call.Kind))
            return [];

        (CallKind, string Subject) about = (call.Kind, call.Subject);
        int number = _callsByKind[call.Kind] = _callsByKind.GetValueOrDefault(call.Kind) + 1;
        int occurrence = _callsBySubject[about] = _callsBySubject.GetValueOrDefault(about) + 1;
        if (_permanent.TryGetValue(about, out Fault? stuck))
            return [stuck];

        FaultTrigger on = rule.Trigger;
        bool meets = (on.CallNumber is null || on.CallNumber == number)
            && (on.FirstCalls is null || occurrence <= on.FirstCalls)
            && (on.MaxTimes is null || Times < on.MaxTimes)
            && (on.Prompt is null || call.Prompt?.Contains(on.Prompt, StringComparison.OrdinalIgnoreCase) == true);
        return meets ? DrawFaults(call, occurrence) : [];
    }

    /// <summary>The call that was just seen is this rule's.</summary>
    internal void RecordHit(CallInfo call, Fault fault)
    {
        if (_permanent.ContainsKey((call.Kind, call.Subject)))
            return;
        Times++;
        if (fault.IsPermanent && call.Kind is CallKind.Fetch or CallKind.Download)
            _permanent[(call.Kind, call.Subject)] = fault;
    }

    /// <summary>The call that was taken could not show the fault: as if it had not been about anything.</summary>
    internal void UndoHit(CallInfo call)
    {
        if (_permanent.ContainsKey((call.Kind, call.Subject)))
            return;
        Times--;
        _callsBySubject[(call.Kind, call.Subject)]--;
    }

    private Fault[] DrawFaults(CallInfo call, int occurrence)
    {
        Fault[] fitting = [.. rule.Faults.Where(fault => fault.AppliesTo(call.Kind))];
        if (rule.Trigger.Rate is null && fitting.Length <= 1)
            return fitting;

        Random lot = SeededRandom.Create(rule.Trigger.Seed ?? emulatorSeed, $"{_ruleText} {call.Kind} {call.Subject}", occurrence);
        if (lot.NextDouble() >= (rule.Trigger.Rate ?? 1))
            return [];
        lot.Shuffle(fitting);
        return fitting;
    }
}

/// <summary>What the choice of a fault goes by.</summary>
/// <param name="Kind">The kind of call.</param>
/// <param name="Subject">
/// What the call is about. The same for calls about the same thing, and in every run, whatever order ids are given in.
/// </param>
/// <param name="Prompt">The prompt that it is about; null where it is about none.</param>
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
