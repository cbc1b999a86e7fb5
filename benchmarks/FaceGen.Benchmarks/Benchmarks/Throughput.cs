using System.Diagnostics;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// Measures FaceGen's own cost: requests per second through New-FaceGenImage without service time, compared with a bare
/// loop of the same concurrency. The emulator has its own process; FaceGen and the loop alternate.
/// </summary>
internal sealed class Throughput : Benchmark
{
    internal const string Script = "param($prompts, $face) $prompts | New-FaceGenImage -FaceImage $face | Measure-Count";

    private const int Slots = 15;
    private const double MinRatio = 0.7;

    internal override string Name => "throughput";

    internal override string Summary => "requests per second without service time";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        IReadOnlyList<string> prompts = Prompts.Numbered(run.Choose(3000, 30));
        var peer = new BareLoop(TimeSpan.FromSeconds(1));
        using EmulatorProcess emulator = EmulatorProcess.Start(Slots, "fixed:0", run.Seed);
        using PowerShellSession session = PowerShellSession.Open();
        session.Connect(emulator.BaseUri, Slots);
        using var calls = new ServiceCalls(emulator.BaseUri);
        List<(double Own, double Peer)> rounds = [];
        List<(double Own, double Peer)> processor = [];
        for (int round = -run.Choose(2, 0); round < run.Choose(15, 1); round++)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            long start = Stopwatch.GetTimestamp();
            BenchmarkException.ThrowIfDifferent(prompts.Count, session.Count(Script, prompts, ServiceCalls.Face), "generations");
            double own = prompts.Count / Stopwatch.GetElapsedTime(start).TotalSeconds;

            TimeSpan between = Environment.CpuUsage.TotalTime;
            start = Stopwatch.GetTimestamp();
            await peer.GenerateAsync(calls, prompts, Slots);
            double other = prompts.Count / Stopwatch.GetElapsedTime(start).TotalSeconds;

            // The first rounds are warm-up for the JIT compiler.
            if (round < 0) continue;

            rounds.Add((own, other));
            processor.Add(((between - before).TotalMicroseconds / prompts.Count, (Environment.CpuUsage.TotalTime - between).TotalMicroseconds / prompts.Count));
        }

        double ratio = rounds.Select(round => round.Own / round.Peer).Median();
        run.AddNote(TableFormat.Invariant($"throughput: a request costs FaceGen {processor.Select(round => round.Own).Median():0} µs of processor time and the loop {processor.Select(round => round.Peer).Median():0} µs, without the emulator's, which shares the cores."));
        // FaceGen does more than the loop: if it seems faster, something else delayed the loop.
        bool isCredible = ratio <= 1;
        if (!isCredible) run.AddNote("throughput: something else delayed the loop, so that the target is not judged. Run the benchmark again.");
        return
        [
            new Row($"requests per second, no service time, {Slots} at once",
                TableFormat.Count(rounds.Select(round => round.Own).Median()), $"{TableFormat.Count(rounds.Select(round => round.Peer).Median())} ({peer.Name})",
                TableFormat.Ratio(ratio), TableFormat.Invariant($"≥ {MinRatio}"), isCredible ? ratio >= MinRatio : null),
        ];
    }
}
