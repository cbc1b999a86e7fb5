using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;
using FaceGen.Emulator.Generating;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// How long slots stand empty: a run's time against the ideal, list scheduling of the same service times. The clients hardly
/// do anything but wait, so that all of them run at once, each on a service of its own.
/// </summary>
internal sealed class SlotUtilization : Benchmark
{
    private const string Script = "param($prompts, $face) $prompts | New-FaceGenImage -FaceImage $face | Measure-Count";

    internal override string Name => "slots";

    internal override string Summary => "time of a run ÷ ideal, and polls a request";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        TimeSpan second = TimeSpan.FromSeconds(run.Choose(1.0, 0.02));
        ServiceTime lognormal = ServiceTime.Lognormal(3 * second, 0.4);
        SlotScenario[] scenarios =
        [
            new("5 slots, lognormal 3 s, etas off by up to ±50 %", 5, lognormal, MaxTime: 1.05, MaxPolls: 3.0),
            new("the same without etas", 5, lognormal, MaxTime: 1.08, MaxPolls: 3.5) { EtaError = null },
            new("the same, bimodal: 2 s, one in four 8 s", 5, ServiceTime.Bimodal(2 * second, 8 * second, 0.25), MaxTime: 1.08, MaxPolls: 3.5),
            new("the same with 15 slots", 15, lognormal, MaxTime: 1.08, MaxPolls: 3.5),
            new("5 slots, called by the service (New-FaceGenWebhook)", 5, lognormal, MaxTime: 1.02, MaxPolls: 1.2) { UsesWebhook = true },
        ];
        int[] seeds = [.. Enumerable.Range(run.Seed, run.Choose(3, 1))];
        IReadOnlyList<string> prompts = Prompts.Numbered(run.Choose(60, 10));
        IPeer[] peers = [new JavaScriptClient(second), new BackoffLoop(second)];

        // What is compiled and loaded once is not in the figures.
        await MeasureAsync(new SlotScenario("", 5, ServiceTime.Fixed(second / 10), 0, 0), run.Seed, Prompts.Numbered(10), peers);

        Task<Comparison[]>[] contests = [.. scenarios.Select(scenario =>
            Task.WhenAll(seeds.Select(seed => MeasureAsync(scenario, seed, prompts, peers))))];
        await Task.WhenAll(contests);
        run.AddNote($"slots: {prompts.Count} requests, medians of {seeds.Length} seeds. The peers are {string.Join(", and ", peers.Select(peer => peer.Name))}, with a worker for each slot.");
        return [.. scenarios.Zip(contests, (scenario, contest) => CreateRow(scenario, contest.Result))];
    }

    private static async Task<Comparison> MeasureAsync(SlotScenario scenario, int seed, IReadOnlyList<string> prompts, IPeer[] peers)
    {
        using PowerShellSession session = PowerShellSession.Open();
        Task<SlotRun> own = SlotRun.MeasureAsync(scenario, seed, prompts, service =>
        {
            session.Connect(service, scenario.Slots);
            if (scenario.UsesWebhook) session.Run("$null = New-FaceGenWebhook");
            return () => Task.Factory.StartNew(
                () => BenchmarkException.ThrowIfDifferent(prompts.Count, session.Count(Script, prompts, ServiceCalls.Face), "generations"),
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
        var contest = new Comparison(await own, await Task.WhenAll(others));
        return contest.HasEqualServiceTimes ? contest : throw new BenchmarkException("The clients did not meet the same service times.");
    }

    private static Row CreateRow(SlotScenario scenario, Comparison[] contests)
    {
        SlotRun own = Median(contests.Select(contest => contest.Own));
        IEnumerable<SlotRun> peers = Enumerable.Range(0, contests[0].Peers.Count).Select(peer => Median(contests.Select(contest => contest.Peers[peer])));
        return new Row(
            $"time ÷ ideal, {scenario.Title}", Format(own), string.Join("; ", peers.Select(Format)),
            string.Join("; ", peers.Select(peer => TableFormat.Ratio(own.Time / peer.Time))),
            TableFormat.Invariant($"≤ {scenario.MaxTime:0.00}, ≤ {scenario.MaxPolls:0.0} polls"),
            own.Time <= scenario.MaxTime && own.Polls <= scenario.MaxPolls);
    }

    private static string Format(SlotRun run) => TableFormat.Invariant($"{run.Time:0.000}, {run.Polls:0.00} polls");

    private static SlotRun Median(IEnumerable<SlotRun> runs) =>
        new(runs.Select(run => run.Time).Median(), runs.Select(run => run.Polls).Median(), []);

    /// <summary>What came of one seed.</summary>
    private sealed record Comparison(SlotRun Own, IReadOnlyList<SlotRun> Peers)
    {
        internal bool HasEqualServiceTimes => Peers.All(peer => peer.ServiceTimes.SequenceEqual(Own.ServiceTimes));
    }
}
