using System.Diagnostics;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// What a user wins who had a foreach of Invoke-RestMethod before. Without service time that is the price of a call; with it,
/// as every real service has, it is that slots are filled: no more than there are of them, so that ten are given.
/// </summary>
internal sealed class RestMethodComparison : Benchmark
{
    private const double MinRatio = 8;

    /// <summary>
    /// A little less than the second after which the loop first looks: at just a second that look would come too early now and
    /// then, and cost the loop another second by chance.
    /// </summary>
    private const double ServiceSeconds = 0.95;

    internal override string Name => "restmethod";

    internal override string Summary => "requests a second against Invoke-RestMethod in a sequential loop";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        double seconds = run.Choose(1.0, 0.05);
        run.AddNote(ExternalPrograms.PowerShell is null
            ? "restmethod: there is no pwsh on the path. A sequential loop of HttpClient with a client for every call stands in, without all that PowerShell adds to a call: without service time the bar is not judged by it."
            : "restmethod: Invoke-RestMethod runs in pwsh.");
        run.AddNote(TableFormat.Invariant($"restmethod: with service time the loop's first look, after a second, finds the picture there, so that it does one request a second at best; ten slots of {ServiceSeconds} s allow {10 / ServiceSeconds:0.0} times that at most."));
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
        return new Row($"requests a second, {title}",
            TableFormat.Invariant($"{rounds.Select(round => round.Own).Median():#,0.0}"), TableFormat.Invariant($"{rounds.Select(round => round.Peer).Median():#,0.0} ({RestMethodLoop.Name})"),
            TableFormat.Ratio(ratio), $"≥ {MinRatio} times", isJudged ? ratio >= MinRatio : null);
    }
}
