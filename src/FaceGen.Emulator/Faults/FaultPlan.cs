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
    /// <param name="occasion">The calls that it hits.</param>
    /// <exception cref="ArgumentException">The fault fits none of the kinds of call.</exception>
    public void Add(Fault fault, Occasion occasion) => Add(new FaultRule(fault, occasion));

    /// <summary>Takes all rules away: from now on every call is served well.</summary>
    public void Clear()
    {
        lock (_lock)
            _rules = [];
    }

    /// <summary>The rules and how many calls each has hit.</summary>
    internal IReadOnlyList<(FaultRule Rule, int Times)> Count()
    {
        lock (_lock)
            return [.. _rules.Select(static active => (active.Rule, active.Times))];
    }

    /// <summary>Begins all counts anew.</summary>
    internal void Restart()
    {
        lock (_lock)
            _rules = [.. _rules.Select(static active => active.Rule).Select(Activate)];
    }

    /// <summary>A call has arrived, of which no more is known than its kind.</summary>
    /// <returns>The fault that it shall have now; null where it shall be read.</returns>
    internal FaultInjection? OnArrival(CallFacts call) => Choose(call, beforeBody: true);

    /// <summary>A call has been read, and shall be handled next.</summary>
    /// <returns>The fault that it shall have; null where it shall have none.</returns>
    internal FaultInjection? OnCall(CallFacts call) => Choose(call, beforeBody: false);

    private FaultInjection? Choose(CallFacts call, bool beforeBody)
    {
        lock (_lock)
        {
            (ActiveRule Rule, IReadOnlyList<Fault> Faults)? winner = null;
            foreach (ActiveRule active in _rules.Where(active => active.Rule.ComesBeforeBody == beforeBody))
            {
                if (active.See(call) is { Count: > 0 } faults)
                    winner ??= (active, faults);
            }

            if (winner is not var (rule, candidates))
                return null;
            rule.Take(call, candidates[0]);
            return new FaultInjection(candidates, rule.Rule.Wait, () => GiveBack(rule, call));
        }
    }

    private void GiveBack(ActiveRule rule, CallFacts call)
    {
        lock (_lock)
            rule.GiveBack(call);
    }

    private ActiveRule Activate(FaultRule rule) => new(rule, _seed);
}
