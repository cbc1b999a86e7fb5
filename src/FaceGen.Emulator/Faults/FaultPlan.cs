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
