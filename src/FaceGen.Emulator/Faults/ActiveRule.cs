using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.Faults;

/// <summary>A rule and what it has counted since it was added. Guarded by the plan's lock.</summary>
internal sealed class ActiveRule(FaultRule rule, int emulatorSeed)
{
    private readonly Dictionary<CallKind, int> _calls = [];
    private readonly Dictionary<(CallKind, string), int> _callsAbout = [];

    /// <summary>What a fault that sticks has hit, and the fault.</summary>
    private readonly Dictionary<(CallKind, string), Fault> _stuck = [];

    internal FaultRule Rule => rule;

    /// <summary>Part of what seeds the lots, so that rules draw apart from each other.</summary>
    private readonly string _name = rule.ToString();

    /// <summary>How many calls were chosen, those aside that a fault stayed with.</summary>
    internal int Times { get; private set; }

    /// <summary>Counts a call, whoever wins it.</summary>
    /// <returns>The faults for it, the first the best; none where the rule does not choose it.</returns>
    internal IReadOnlyList<Fault> See(CallFacts call)
    {
        if (!rule.Occasion.Kinds.Contains(call.Kind))
            return [];

        (CallKind, string Subject) about = (call.Kind, call.Subject);
        int number = _calls[call.Kind] = _calls.GetValueOrDefault(call.Kind) + 1;
        int occurrence = _callsAbout[about] = _callsAbout.GetValueOrDefault(about) + 1;
        if (_stuck.TryGetValue(about, out Fault? stuck))
            return [stuck];

        Occasion on = rule.Occasion;
        bool meets = (on.Number is null || on.Number == number)
            && (on.FirstCalls is null || occurrence <= on.FirstCalls)
            && (on.MaxTimes is null || Times < on.MaxTimes)
            && (on.Prompt is null || call.Prompt?.Contains(on.Prompt, StringComparison.OrdinalIgnoreCase) == true);
        return meets ? Draw(call, occurrence) : [];
    }

    /// <summary>The call that was just seen is this rule's.</summary>
    internal void Take(CallFacts call, Fault fault)
    {
        if (_stuck.ContainsKey((call.Kind, call.Subject)))
            return;
        Times++;
        if (fault.Sticks && call.Kind is CallKind.Fetch or CallKind.Download)
            _stuck[(call.Kind, call.Subject)] = fault;
    }

    /// <summary>The call that was taken could not show the fault: as if it had not been about anything.</summary>
    internal void GiveBack(CallFacts call)
    {
        if (_stuck.ContainsKey((call.Kind, call.Subject)))
            return;
        Times--;
        _callsAbout[(call.Kind, call.Subject)]--;
    }

    private Fault[] Draw(CallFacts call, int occurrence)
    {
        Fault[] fitting = [.. rule.Faults.Where(fault => fault.Fits(call.Kind))];
        if (rule.Occasion.Rate is null && fitting.Length <= 1)
            return fitting;

        Random lot = Lot.For(rule.Occasion.Seed ?? emulatorSeed, $"{_name} {call.Kind} {call.Subject}", occurrence);
        if (lot.NextDouble() >= (rule.Occasion.Rate ?? 1))
            return [];
        lot.Shuffle(fitting);
        return fitting;
    }
}
