using FaceGen.Simulation.Histories;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation.Exploring;

/// <summary>
/// Runs every history of a batch that differs from the usual course in one choice; and, if asked to, those that differ in two,
/// of which one is a response and the other something that happens to the process. A loss of power leaves nothing that was not
/// flushed; where all operations of the disk differ, also all of one file or of the names in one folder.
/// </summary>
/// <param name="scenario">The batch.</param>
/// <param name="isSample">True to run only some of them: a part that takes seconds.</param>
/// <param name="findings">Collects what the histories find.</param>
internal sealed class ExhaustiveExploration(Scenario scenario, bool isSample, Findings findings)
{
    /// <summary>In a sample, one of so many operations of the disk differs.</summary>
    private const int DiskStride = 101;

    /// <summary>In a sample, one of so many other deviations is run.</summary>
    private const int Stride = 2;

    private int _operations, _others;

    /// <summary>Runs them.</summary>
    /// <param name="depth">How many choices differ at most. Which of several steps comes first is left to random histories.</param>
    internal Task RunAsync(int depth) => RunAsync(depth, [], from: 0, former: null);

    private async Task RunAsync(int depth, Dictionary<int, int> deviations, int from, ChoiceKind? former)
    {
        if (findings.IsOver) return;

        var choices = Choices.Deviating(deviations);
        Failure? failure = await Failure.FindAsync(scenario, choices);
        findings.Add(failure);
        if (failure is not null || former == ChoiceKind.Remains) return;

        for (int number = from; number < choices.Made.Count; number++)
        {
            Choice choice = choices.Made[number];
            if (choice.Kind == ChoiceKind.Remains && !isSample) await RunAsync(depth, new Dictionary<int, int>(deviations) { [number] = choice.Count - 1 }, number + 1, choice.Kind);
            if (deviations.Count == depth || choice.Kind is ChoiceKind.Order or ChoiceKind.Remains || (former is { } first && !IsPair(first, choice.Kind)) || (choice.Kind == ChoiceKind.Disk && isSample && _operations++ % DiskStride != 0)) continue;

            for (int value = 1; value < choice.Count; value++)
                if (!isSample || choice.Kind == ChoiceKind.Disk || _others++ % Stride == 0) await RunAsync(depth, new Dictionary<int, int>(deviations) { [number] = value }, number + 1, choice.Kind);
        }
    }

    private static bool IsPair(ChoiceKind first, ChoiceKind second) =>
        (first == ChoiceKind.Fault && IsResponse(second)) || (IsResponse(first) && second == ChoiceKind.Fault);

    private static bool IsResponse(ChoiceKind kind) => kind is ChoiceKind.Submit or ChoiceKind.Fetch or ChoiceKind.Download or ChoiceKind.Delivery;
}
