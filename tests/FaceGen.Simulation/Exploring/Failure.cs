using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FaceGen.Simulation.Histories;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation.Exploring;

/// <summary>A history in which a rule was broken.</summary>
/// <param name="Scenario">The batch.</param>
/// <param name="Deviations">The choices that were not the usual ones, by their numbers.</param>
/// <param name="Message">What was wrong.</param>
/// <param name="Lines">What happened.</param>
internal sealed record Failure(Scenario Scenario, IReadOnlyDictionary<int, int> Deviations, string Message, IReadOnlyList<string> Lines)
{
    private static readonly Regex Number = new(@"\d+", RegexOptions.CultureInvariant);

    /// <summary>Gets the seed of a random history; null for another one.</summary>
    internal int? Seed { get; init; }

    /// <summary>Gets the message without its numbers and folders: what two failures of one kind have in common.</summary>
    internal string Kind => Number.Replace(Message, "#");

    /// <summary>Runs one history.</summary>
    /// <returns>The failure; null if every rule held.</returns>
    internal static async Task<Failure?> FindAsync(Scenario scenario, Choices choices)
    {
        Exception? error = null;
        History history = scenario.NewHistory(choices);
        await using (history)
        {
            try
            {
                // Away from the test's own context: everything runs on the one thread of the pool.
                await Task.Run(history.RunAsync);
            }
            catch (Exception e)
            {
                // A rule that was broken, or anything that the engine must not throw.
                error = e;
            }
        }

        // The process has ended by now: no thread of it makes a choice any more.
        return error is null ? null : new Failure(scenario, Deviating(choices), error is HistoryException ? error.Message : error.ToString(), [.. history.Lines]);
    }

    /// <summary>Finds a shorter history of the same kind.</summary>
    /// <param name="limit">How many histories are tried.</param>
    internal async Task<Failure> ShrinkAsync(int limit = 400)
    {
        Failure least = this;
        int tried = 0;
        for (int rows = 1; rows < least.Scenario.Rows && tried < limit; rows = rows < 4 ? rows + 1 : rows * 2)
        {
            tried++;
            if (await AgainAsync(Scenario with { Rows = rows }, least.Deviations) is not { } smaller) continue;

            least = smaller with { Seed = Seed };
            break;
        }

        for (int size = Math.Max(1, least.Deviations.Count / 2); size > 0 && tried < limit; size /= 2)
        {
            for (int at = 0; at < least.Deviations.Count && tried < limit;)
            {
                int[] kept = [.. least.Deviations.Keys.Order()];
                Dictionary<int, int> fewer = kept.Where((_, index) => index < at || index >= at + size).ToDictionary(number => number, number => least.Deviations[number]);
                tried++;
                if (await AgainAsync(least.Scenario, fewer) is { } shorter && shorter.Deviations.Count < least.Deviations.Count) least = shorter with { Seed = Seed };
                else at += size;
            }
        }

        return least;
    }

    /// <summary>The message, the history, and how to run it again.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Seed is null ? "" : $"FACEGEN_SIM_SEED={Seed}: ").AppendLine(Message)
            .AppendLine(CultureInfo.InvariantCulture, $"{Scenario}")
            .AppendLine(CultureInfo.InvariantCulture, $"Deviations: {string.Join(", ", Deviations.OrderBy(pair => pair.Key).Select(pair => $"[{pair.Key}] = {pair.Value}"))}");
        foreach (string line in Lines) text.AppendLine(line);
        return text.ToString();
    }

    private async Task<Failure?> AgainAsync(Scenario scenario, IReadOnlyDictionary<int, int> deviations) =>
        await FindAsync(scenario, Choices.Deviating(deviations)) is { } failure && failure.Kind == Kind ? failure : null;

    private static Dictionary<int, int> Deviating(Choices choices) =>
        choices.Made.Select((choice, number) => (choice, number)).Where(made => made.choice.Value != 0).ToDictionary(made => made.number, made => made.choice.Value);
}
