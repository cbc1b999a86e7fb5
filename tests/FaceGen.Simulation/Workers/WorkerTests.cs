using FaceGen.Simulation.Exploring;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation.Workers;

/// <summary>Histories of a batch that several workers run at the same time: in none is anything paid twice or lost.</summary>
/// <remarks>
/// The environment variables are those of <see cref="HistoryTests"/>: <c>FACEGEN_SIM_DEPTH</c> 1 runs every history that differs in one
/// choice, 2 every one that differs in two, within the bound; without it, or with <c>FACEGEN_SIM_STRIDE</c>, one of so many is run.
/// </remarks>
public sealed class WorkerTests : SimulationTests
{
    /// <summary>One worker continues instead of the other, and one thing happens to a worker, or two of these.</summary>
    private static readonly Dictionary<ChoiceKind, int> Bound = new()
    {
        [ChoiceKind.Order] = 1,
        [ChoiceKind.Kill] = 1,
        [ChoiceKind.Lapse] = 1,
        [ChoiceKind.Freeze] = 1,
        [ChoiceKind.Return] = 1,
    };

    /// <summary>A worker is declared dead and continues, and another is killed: the first claims its own rows again.</summary>
    private static readonly Dictionary<ChoiceKind, int> Reclaimed = new() { [ChoiceKind.Lapse] = 1, [ChoiceKind.Kill] = 1 };

    [Fact]
    public async Task Sqlite_one_row_every_order_and_fault_of_two_runs_pays_once_and_ends() => await ExploreAsync(new WorkersScenario(1, 1, LedgerKind.Sqlite), Bound, 1, stride: 7);

    [Fact]
    public async Task Sqlite_two_rows_every_order_and_fault_of_two_runs_pays_once_and_ends() => await ExploreAsync(new WorkersScenario(2, 1, LedgerKind.Sqlite), Bound, 1, stride: 17);

    [Fact]
    public async Task Postgres_one_row_every_order_and_fault_of_two_workers_pays_once_and_ends() => await ExploreAsync(new WorkersScenario(1, 1, LedgerKind.Postgres), Bound, 1, stride: 27);

    [Fact]
    public async Task Postgres_two_rows_every_order_and_fault_of_two_workers_pays_once_and_ends() => await ExploreAsync(new WorkersScenario(2, 1, LedgerKind.Postgres) { QueueLimit = 1 }, Bound, 1, stride: 123);

    [Fact]
    public async Task Postgres_worker_reclaims_its_row_writes_with_the_former_fence_are_refused() => await ExploreAsync(new WorkersScenario(1, 1, LedgerKind.Postgres), Reclaimed, 2, stride: 251, ChoiceKind.Lapse);

    [Fact]
    public async Task Sqlite_random_histories_hold() => await DrawAsync(LedgerKind.Sqlite, 10);

    [Fact]
    public async Task Postgres_random_histories_hold() => await DrawAsync(LedgerKind.Postgres, 5);

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("Postgres")]
    public async Task Two_histories_of_one_seed_are_the_same(string kind)
    {
        LedgerKind ledger = Enum.Parse<LedgerKind>(kind);
        SkipWithoutServer(ledger);
        Assert.Equal(await LinesAsync(), await LinesAsync());

        async Task<IReadOnlyList<string>> LinesAsync()
        {
            WorkersHistory history = (WorkersHistory)ScenarioOf(1, ledger).NewHistory(Choices.Random(1));
            await using (history)
            {
                await Task.Run(history.RunAsync);
                // Killed processes write more when they are disposed.
                return [.. history.Lines];
            }
        }
    }

    private static WorkersScenario ScenarioOf(int seed, LedgerKind ledger)
    {
        var random = new Random(~seed);
        return new WorkersScenario(random.Next(1, 5), random.Next(1, 3), ledger)
        {
            Workers = random.Next(4) == 0 ? 3 : 2,
            QueueLimit = random.Next(3) switch { 0 => 1, 1 => 2, _ => 5 },
            RetryUncertain = random.Next(4) == 0,
            HasKnownNames = random.Next(2) == 0,
        };
    }

    private static void SkipWithoutServer(LedgerKind ledger)
    {
        if (ledger == LedgerKind.Postgres && PostgresWorkers.UnavailableReason is { } reason) Assert.Skip(reason);
    }

    private static async Task DrawAsync(LedgerKind ledger, int usual)
    {
        SkipWithoutServer(ledger);
        await RunRandomAsync(seed => ScenarioOf(seed, ledger), usual);
    }

    private static async Task ExploreAsync(WorkersScenario scenario, Dictionary<ChoiceKind, int> limit, int depth, int stride, ChoiceKind? begin = null)
    {
        SkipWithoutServer(scenario.Ledger);
        Findings findings = CreateFindings();
        await new WorkerExploration(scenario with { IsDisturbedAfterChanges = true }, limit, findings, begin)
            .RunAsync(Math.Max(Depth, depth), ReadSetting("FACEGEN_SIM_STRIDE", Depth > 0 ? 1 : stride));
        await ReportAsync(findings, isShrunk: false);
    }
}
