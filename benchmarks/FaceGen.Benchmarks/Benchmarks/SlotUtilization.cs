using System.Diagnostics;
using System.Text.Json;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;
using FaceGen.Emulator;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Journaling;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// Measures the idle time of slots: the time of a run divided by the ideal, which is list scheduling of the same
/// service times. The clients mostly wait, so all run at once, each on its own service.
/// </summary>
internal sealed class SlotUtilization : Benchmark
{
    private const string Script = "param($prompts, $face) $prompts | New-FaceGenImage -FaceImage $face | Measure-Count";

    internal override string Name => "slots";

    internal override string Summary => "time of a run ÷ ideal, and polls per request";

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
            new("5 slots, with webhook deliveries (New-FaceGenWebhook)", 5, lognormal, MaxTime: 1.02, MaxPolls: 1.2) { UsesWebhook = true },
        ];
        int[] seeds = [.. Enumerable.Range(run.Seed, run.Choose(3, 1))];
        IReadOnlyList<string> prompts = Prompts.Numbered(run.Choose(60, 10));
        IPeer[] peers = [new JavaScriptClient(second), new BackoffLoop(second)];

        // Warm-up: JIT compilation and loading are not measured.
        await MeasureAsync(new SlotScenario("", 5, ServiceTime.Fixed(second / 10), 0, 0), run.Seed, Prompts.Numbered(10), peers);

        Task<Comparison[]>[] comparisons = [.. scenarios.Select(scenario =>
            Task.WhenAll(seeds.Select(seed => MeasureAsync(scenario, seed, prompts, peers))))];
        await Task.WhenAll(comparisons);
        run.AddNote($"slots: {prompts.Count} requests, medians of {seeds.Length} seeds. The peers are {string.Join(", and ", peers.Select(peer => peer.Name))}, with a worker for each slot.");
        return [.. scenarios.Zip(comparisons, (scenario, comparison) => CreateRow(scenario, comparison.Result))];
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
        var comparison = new Comparison(await own, await Task.WhenAll(others));
        return comparison.HasEqualServiceTimes ? comparison : throw new BenchmarkException("The clients got different service times.");
    }

    private static Row CreateRow(SlotScenario scenario, Comparison[] comparisons)
    {
        SlotRun own = Median(comparisons.Select(comparison => comparison.Own));
        IEnumerable<SlotRun> peers = Enumerable.Range(0, comparisons[0].Peers.Count).Select(peer => Median(comparisons.Select(comparison => comparison.Peers[peer])));
        return new Row(
            $"time ÷ ideal, {scenario.Title}", Format(own), string.Join("; ", peers.Select(Format)),
            string.Join("; ", peers.Select(peer => TableFormat.Ratio(own.Time / peer.Time))),
            TableFormat.Invariant($"≤ {scenario.MaxTime:0.00}, ≤ {scenario.MaxPolls:0.0} polls"),
            own.Time <= scenario.MaxTime && own.Polls <= scenario.MaxPolls);
    }

    private static string Format(SlotRun run) => TableFormat.Invariant($"{run.Time:0.000}, {run.Polls:0.00} polls");

    private static SlotRun Median(IEnumerable<SlotRun> runs) =>
        new(runs.Select(run => run.Time).Median(), runs.Select(run => run.Polls).Median(), []);

    /// <summary>The results of one seed.</summary>
    private sealed record Comparison(SlotRun Own, IReadOnlyList<SlotRun> Peers)
    {
        internal bool HasEqualServiceTimes => Peers.All(peer => peer.ServiceTimes.SequenceEqual(Own.ServiceTimes));
    }
}

/// <summary>A simulated service and its targets.</summary>
/// <param name="Title">The description in the table.</param>
/// <param name="Slots">The number of requests processed at once.</param>
/// <param name="ServiceTime">The service time.</param>
/// <param name="MaxTime">The target for time ÷ ideal.</param>
/// <param name="MaxPolls">The target for polls per request.</param>
internal sealed record SlotScenario(string Title, int Slots, ServiceTime ServiceTime, double MaxTime, double MaxPolls)
{
    /// <summary>Gets the error of etas; null for no etas.</summary>
    internal double? EtaError { get; init; } = 0.5;

    /// <summary>True if FaceGen receives webhook deliveries; the peers do not.</summary>
    internal bool UsesWebhook { get; init; }
}

/// <summary>The result of one client on one simulated service.</summary>
/// <param name="Time">Time ÷ ideal.</param>
/// <param name="Polls">Polls per request.</param>
/// <param name="ServiceTimes">The service time of each request in order: equal for every client.</param>
internal sealed record SlotRun(double Time, double Polls, IReadOnlyList<TimeSpan> ServiceTimes)
{
    /// <summary>Prepares a client and has it generate all prompts on its own service.</summary>
    internal static async Task<SlotRun> MeasureAsync(
        SlotScenario scenario, int seed, IReadOnlyList<string> prompts, Func<Uri, Func<Task>> client)
    {
        await using EmulatorHost service = await EmulatorHost.StartAsync(new EmulatorOptions
        {
            QueueLimit = scenario.Slots,
            ServiceTime = scenario.ServiceTime,
            EtaError = scenario.EtaError ?? 0,
            OmitEta = scenario.EtaError is null,
            Seed = seed,
        });
        Func<Task> generate = client(service.BaseUri);
        long start = Stopwatch.GetTimestamp();
        await generate();
        TimeSpan time = Stopwatch.GetElapsedTime(start);

        BenchmarkException.ThrowIfDifferent(prompts.Count, service.Journal.Accepted, "requests accepted");
        BenchmarkException.ThrowIfDifferent(prompts.Count, service.Journal.AcceptedByPrompt.Count, "prompts accepted");
        IReadOnlyList<TimeSpan> times = GetServiceTimes(service.Journal, prompts);
        int polls = service.Journal.Entries.Count(entry => entry.Path.Contains("/fetch/", StringComparison.Ordinal));
        return new SlotRun(time / Ideal(times, scenario.Slots), (double)polls / prompts.Count, times);
    }

    /// <summary>Returns the ideal time: list scheduling, in which a request is always ready when a slot becomes free.</summary>
    private static TimeSpan Ideal(IEnumerable<TimeSpan> times, int slots)
    {
        var freeAt = new TimeSpan[slots];
        foreach (TimeSpan time in times) freeAt[Array.IndexOf(freeAt, freeAt.Min())] += time;
        return freeAt.Max();
    }

    private static List<TimeSpan> GetServiceTimes(Journal journal, IReadOnlyList<string> prompts)
    {
        Dictionary<string, TimeSpan> byPrompt = journal.Entries
            .Where(entry => entry.Path.EndsWith("/face_gen", StringComparison.Ordinal) && entry.ServiceTime is not null)
            .ToDictionary(entry => GetPrompt(entry.Body!), entry => entry.ServiceTime!.Value);
        return [.. prompts.Select(prompt => byPrompt[prompt])];
    }

    private static string GetPrompt(string body)
    {
        using JsonDocument json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("prompt").GetString()!;
    }
}
