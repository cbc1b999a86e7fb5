using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.Faults;

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
