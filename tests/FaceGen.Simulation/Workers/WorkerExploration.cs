using FaceGen.Simulation.Exploring;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation.Workers;

/// <summary>Runs every history of several workers that differs from the usual course within a bound.</summary>
/// <param name="scenario">The batch.</param>
/// <param name="limit">How many choices of each kind may differ; of a kind that is not named none does.</param>
/// <param name="findings">Collects what the histories find.</param>
/// <param name="begin">Of which kind the first choice is that differs; null for any.</param>
internal sealed class WorkerExploration(WorkersScenario scenario, IReadOnlyDictionary<ChoiceKind, int> limit, Findings findings, ChoiceKind? begin = null)
{
    private int _first;

    /// <summary>Runs them.</summary>
    /// <param name="depth">How many choices differ at most.</param>
    /// <param name="stride">Of the histories that differ in one choice, one of so many is run, with those that differ in it and in more: 1 for all.</param>
    internal Task RunAsync(int depth, int stride) => RunAsync(depth, stride, [], [], from: 0);

    private async Task RunAsync(int depth, int stride, Dictionary<int, int> deviations, List<ChoiceKind> kinds, int from)
    {
        if (findings.IsOver) return;

        var choices = Choices.Deviating(deviations);
        Failure? failure = await Failure.FindAsync(scenario, choices);
        findings.Add(failure);
        if (failure is not null || deviations.Count == depth) return;

        for (int number = from; number < choices.Made.Count; number++)
        {
            Choice choice = choices.Made[number];
            if (kinds.Count == 0 && begin is not null && choice.Kind != begin) continue;
            if (kinds.Count(kind => kind == choice.Kind) >= limit.GetValueOrDefault(choice.Kind)) continue;

            for (int value = 1; value < choice.Count; value++)
            {
                if (deviations.Count == 0 && _first++ % stride != 0) continue;

                await RunAsync(depth, stride, new Dictionary<int, int>(deviations) { [number] = value }, [.. kinds, choice.Kind], number + 1);
            }
        }
    }
}
