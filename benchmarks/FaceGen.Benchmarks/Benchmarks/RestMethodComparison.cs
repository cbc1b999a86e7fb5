using System.Diagnostics;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// Compares FaceGen with a foreach of Invoke-RestMethod. Without service time the difference is the cost of a call;
/// with it, as every real service has, it is the use of all slots, at most their number, so that ten are used.
/// </summary>
internal sealed class RestMethodComparison : Benchmark
{
    private const double MinRatio = 8;

    /// <summary>
    /// Slightly less than the second after which the loop polls first: at exactly one second the poll would sometimes
    /// come too early and cost the loop another second.
    /// </summary>
    private const double ServiceSeconds = 0.95;

    internal override string Name => "restmethod";

    internal override string Summary => "requests per second compared with Invoke-RestMethod in a sequential loop";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        double seconds = run.Choose(1.0, 0.05);
        run.AddNote(ExternalPrograms.PowerShell is null
            ? "restmethod: pwsh is not on the path. A sequential HttpClient loop with a new client per call replaces it, without the overhead of PowerShell, so that the target without service time is not judged."
            : "restmethod: Invoke-RestMethod runs in pwsh.");
        run.AddNote(TableFormat.Invariant($"restmethod: with service time the loop's first poll, after a second, finds the image finished, so that it does at most one request per second. Ten slots of {ServiceSeconds} s allow at most {10 / ServiceSeconds:0.0} times that."));
        return
        [
            await MeasureAsync(run, "no service time, 15 at once", 15, "fixed:0", run.Choose(3000, 30), run.Choose(300, 3), seconds, warmUps: 2, isJudged: ExternalPrograms.PowerShell is not null),
            await MeasureAsync(run, TableFormat.Invariant($"{ServiceSeconds} s of service time, 10 slots"), 10, TableFormat.Invariant($"fixed:{ServiceSeconds * seconds}"), run.Choose(150, 20), run.Choose(8, 2), seconds, warmUps: 0, isJudged: true),
        ];
    }

    private static async Task<Row> MeasureAsync(
        BenchmarkRun run, string title, int slots, string serviceTime, int requests, int peerRequests, double second, int warmUps, bool isJudged)
    {
        using EmulatorProcess emulator = EmulatorProcess.Start(slots, serviceTime, run.Seed);
        using PowerShellSession session = PowerShellSession.Open();
        session.Connect(emulator.BaseUri, slots);
        IReadOnlyList<string> prompts = Prompts.Numbered(requests), warmUp = Prompts.Numbered(slots, "warm-up");
        session.Count(Throughput.Script, warmUp, ServiceCalls.Face);
        for (int round = 0; round < run.Choose(warmUps, 0); round++) session.Count(Throughput.Script, prompts, ServiceCalls.Face);

        List<(double Own, double Peer)> rounds = [];
        for (int round = 0; round < run.Choose(3, 1); round++)
        {
            long start = Stopwatch.GetTimestamp();
            BenchmarkException.ThrowIfDifferent(requests, session.Count(Throughput.Script, prompts, ServiceCalls.Face), "generations");
            double rate = requests / Stopwatch.GetElapsedTime(start).TotalSeconds;
            rounds.Add((rate, await RestMethodLoop.MeasureRateAsync(emulator.BaseUri, Prompts.Numbered(peerRequests, "sequential"), TimeSpan.FromSeconds(second))));
        }

        double ratio = rounds.Select(round => round.Own / round.Peer).Median();
        return new Row($"requests per second, {title}",
            TableFormat.Invariant($"{rounds.Select(round => round.Own).Median():#,0.0}"), TableFormat.Invariant($"{rounds.Select(round => round.Peer).Median():#,0.0} ({RestMethodLoop.Name})"),
            TableFormat.Ratio(ratio), $"≥ {MinRatio} times", isJudged ? ratio >= MinRatio : null);
    }
}
