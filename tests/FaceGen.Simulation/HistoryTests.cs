using System.Globalization;
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
public sealed class HistoryTests(ITestOutputHelper output) : SimulationTests
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

    private static readonly int Depth = Setting("FACEGEN_SIM_DEPTH", 0);

    /// <summary>For how many seconds each test runs histories only to count the failures; 0 to run them all and to show the failures.</summary>
    private static readonly int CountFor = Setting("FACEGEN_SIM_COUNT", 0);

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
        Findings findings = NewFindings();
        await new ExhaustiveExploration(Batches[batch], isSample: Depth == 0, findings).RunAsync(batch == OneRow ? Math.Max(1, Depth) : 1);
        await ReportAsync(findings, isShrunk: false);
    }

    [Fact]
    public async Task Random_histories_hold()
    {
        int first = Setting("FACEGEN_SIM_SEED", 1);
        int count = Setting("FACEGEN_SIM_HISTORIES", Setting("FACEGEN_SIM_SEED", 0) > 0 ? 1 : UsualHistories);
        Findings findings = NewFindings();
        for (int seed = first; seed < first + count && !findings.IsOver; seed++)
        {
            Failure? failure = await Failure.FindAsync(Scenario.Random(seed), Choices.Random(seed));
            findings.Add(failure is null ? null : failure with { Seed = seed });
        }

        await ReportAsync(findings, isShrunk: true);
    }

    private static Findings NewFindings() => new(CountFor > 0 ? TimeSpan.FromSeconds(CountFor) : null);

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    private async Task ReportAsync(Findings findings, bool isShrunk)
    {
        foreach (string line in findings.Counts) output.WriteLine(line);
        if (CountFor == 0)
            foreach (Failure failure in findings.Failures) output.WriteLine((isShrunk ? await failure.ShrinkAsync() : failure).ToString());

        Assert.Empty(findings.Failures.Select(failure => failure.Kind));
    }
}
