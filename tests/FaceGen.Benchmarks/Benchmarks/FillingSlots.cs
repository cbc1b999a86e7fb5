using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;
using FaceGen.Emulator.Generating;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// How long slots stand empty: a run's time against the ideal, list scheduling of the same service times. The clients hardly
/// do anything but wait, so that all of them run at once, each on a service of its own.
/// </summary>
internal sealed class FillingSlots : Benchmark
{
    private const string Script = "param($prompts, $face) $prompts | New-FaceGenImage -FaceImage $face | Measure-Count";

    internal override string Name => "slots";

    internal override string Summary => "time of a run ÷ ideal, and polls a request";

    internal override async Task<IReadOnlyList<Row>> RunAsync(Run run)
    {
        TimeSpan second = TimeSpan.FromSeconds(run.Size(1.0, 0.02));
        ServiceTime lognormal = ServiceTime.Lognormal(3 * second, 0.4);
        SlotScenario[] scenarios =
        [
            new("5 slots, lognormal 3 s, etas off by up to ±50 %", 5, lognormal, MostTime: 1.05, MostPolls: 3.0),
            new("the same without etas", 5, lognormal, MostTime: 1.08, MostPolls: 3.5) { EtaError = null },
            new("the same, bimodal: 2 s, one in four 8 s", 5, ServiceTime.Bimodal(2 * second, 8 * second, 0.25), MostTime: 1.08, MostPolls: 3.5),
            new("the same with 15 slots", 15, lognormal, MostTime: 1.08, MostPolls: 3.5),
            new("5 slots, called by the service (New-FaceGenWebhook)", 5, lognormal, MostTime: 1.02, MostPolls: 1.2) { IsCalled = true },
        ];
        int[] seeds = [.. Enumerable.Range(run.Seed, run.Size(3, 1))];
        IReadOnlyList<string> prompts = Prompts.Numbered(run.Size(60, 10));
        IPeer[] peers = [new JavaScriptClient(second), new DoublingLoop(second)];

        // What is compiled and loaded once is not in the figures.
        await MeasureAsync(new SlotScenario("", 5, ServiceTime.Fixed(second / 10), 0, 0), run.Seed, Prompts.Numbered(10), peers);

        Task<Contest[]>[] contests = [.. scenarios.Select(scenario =>
            Task.WhenAll(seeds.Select(seed => MeasureAsync(scenario, seed, prompts, peers))))];
        await Task.WhenAll(contests);
        run.Note($"slots: {prompts.Count} requests, medians of {seeds.Length} seeds. The peers are {string.Join(", and ", peers.Select(peer => peer.Name))}, with a worker for each slot.");
        return [.. scenarios.Zip(contests, (scenario, contest) => RowOf(scenario, contest.Result))];
    }

    private static async Task<Contest> MeasureAsync(SlotScenario scenario, int seed, IReadOnlyList<string> prompts, IPeer[] peers)
    {
        using Session session = Session.Open();
        Task<SlotRun> own = SlotRun.MeasureAsync(scenario, seed, prompts, service =>
        {
            session.Connect(service, scenario.Slots);
            if (scenario.IsCalled) session.Run("$null = New-FaceGenWebhook");
            return () => Task.Factory.StartNew(
                () => BenchmarkException.ThrowUnless(prompts.Count, session.Count(Script, prompts, ServiceCalls.Face), "generations"),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        });
        Task<SlotRun>[] others = [.. peers.Select(peer => SlotRun.MeasureAsync(scenario, seed, prompts, service =>
        {
            var calls = new ServiceCalls(service);
            return async () =>
            {
                using (calls) await peer.GenerateAsync(calls, prompts, scenario.Slots);
            };
        }))];
        var contest = new Contest(await own, await Task.WhenAll(others));
        return contest.IsFair ? contest : throw new BenchmarkException("The clients did not meet the same service times.");
    }

    private static Row RowOf(SlotScenario scenario, Contest[] contests)
    {
        SlotRun own = Median(contests.Select(contest => contest.Own));
        IEnumerable<SlotRun> peers = Enumerable.Range(0, contests[0].Peers.Count).Select(peer => Median(contests.Select(contest => contest.Peers[peer])));
        return new Row(
            $"time ÷ ideal, {scenario.Title}", Show(own), string.Join("; ", peers.Select(Show)),
            string.Join("; ", peers.Select(peer => Text.Ratio(own.Time / peer.Time))),
            Text.Of($"≤ {scenario.MostTime:0.00}, ≤ {scenario.MostPolls:0.0} polls"),
            own.Time <= scenario.MostTime && own.Polls <= scenario.MostPolls);
    }

    private static string Show(SlotRun run) => Text.Of($"{run.Time:0.000}, {run.Polls:0.00} polls");

    private static SlotRun Median(IEnumerable<SlotRun> runs) =>
        new(runs.Select(run => run.Time).Median(), runs.Select(run => run.Polls).Median(), []);

    /// <summary>What came of one seed.</summary>
    private sealed record Contest(SlotRun Own, IReadOnlyList<SlotRun> Peers)
    {
        internal bool IsFair => Peers.All(peer => peer.ServiceTimes.SequenceEqual(Own.ServiceTimes));
    }
}
