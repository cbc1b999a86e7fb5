using FaceGen.Simulation.Exploring;
using FaceGen.Simulation.Histories;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation;

/// <summary>
/// Histories of batches on a simulated service, network, clock and disk: in none is anything paid twice or lost.
/// </summary>
/// <remarks>
/// Environment variables widen the search: <c>FACEGEN_SIM_DEPTH</c> (1 runs every single fault, 2 also every pair of a response
/// and a fault of the process in a batch of one row), <c>FACEGEN_SIM_HISTORIES</c> (how many random histories) and <c>FACEGEN_SIM_SEED</c> (the first seed; alone, the only one).
/// With <c>FACEGEN_SIM_COUNT</c> failures are only counted, for so many seconds in each test (mutants.ps1).
/// </remarks>
public sealed class HistoryTests : SimulationTests
{
    /// <summary>The default number of random histories.</summary>
    private const int UsualHistories = 40;

    private const string OneRow = "one row";

    private static readonly Dictionary<string, Scenario> Batches = new()
    {
        [OneRow] = new Scenario(1),
        ["two rows"] = new Scenario(2),
        ["two rows of two images"] = new Scenario(2, 2),
        ["one row, the clock set a day ahead"] = new Scenario(1) { ClockJump = TimeSpan.FromHours(25) },
        ["one row of two images, names known before, a webhook"] = new Scenario(1, 2) { HasKnownNames = true, HasWebhook = true },
        ["four rows, one at a time, sent again if uncertain"] = new Scenario(4) { QueueLimit = 1, RetryUncertain = true },
        ["two rows of two images, sent again if failed"] = new Scenario(2, 2) { RetryFailed = true },
    };

    /// <summary>Gets the batches that are explored: without a depth only the first.</summary>
    public static TheoryData<string> Names => [.. Batches.Keys.Take(Depth > 0 ? Batches.Count : 1)];

    [Fact]
    public async Task Seed_decides_every_step()
    {
        const int Seed = 7;
        string[] histories = [await LinesAsync(), await LinesAsync()];
        Assert.Equal(histories[0], histories[1]);

        async Task<string> LinesAsync()
        {
            var history = new History(Scenario.Random(Seed), Choices.Random(Seed));
            await using (history) await Task.Run(history.RunAsync);
            return string.Join('\n', history.Lines).Replace(history.PathOf(""), "", StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_fault_at_each_step_holds(string batch)
    {
        Findings findings = CreateFindings();
        await new ExhaustiveExploration(Batches[batch], isSample: Depth == 0, findings).RunAsync(batch == OneRow ? Math.Max(1, Depth) : 1);
        await ReportAsync(findings, isShrunk: false);
    }

    [Fact]
    public async Task Random_histories_hold() => await RunRandomAsync(Scenario.Random, UsualHistories);
}
