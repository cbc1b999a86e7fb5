using System.Diagnostics;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// Measures whether accounts with many slots use them: ten rounds of generations that take a second each, through a pipeline and
/// through a batch, from a CSV file to saved images.
/// </summary>
internal sealed class LongQueue : Benchmark
{
    private const string Pipeline = "param($csv, $out) Import-FaceGenRequest $csv | New-FaceGenImage | Save-FaceGenOutput $out | Measure-Count";
    private const string Batch = "param($csv, $out) Invoke-FaceGenBatch $csv -Destination $out | Where-Object Files | Measure-Count";
    private const int Rounds = 10;

    internal override string Name => "queue";

    internal override string Summary => "time of a run with many slots ÷ ideal";

    internal override Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        double second = run.Choose(1.0, 0.05);
        List<Row> rows = [];
        foreach (int slots in (int[])[run.Choose(50, 5), run.Choose(500, 10)])
        {
            using EmulatorProcess emulator = EmulatorProcess.Start(slots, TableFormat.Invariant($"fixed:{second}"), run.Seed);
            using PowerShellSession session = PowerShellSession.Open();
            session.Connect(emulator.BaseUri, slots);
            foreach ((string name, string script) in ((string, string)[])[("pipeline", Pipeline), ("batch", Batch)])
            {
                string folder = run.NewFolder();
                string csv = Path.Combine(folder, "people.csv");
                int count = slots * Rounds;
                File.WriteAllLines(csv, Prompts.Numbered(count, name).Select(prompt => $"{prompt},{ServiceCalls.Face},16,16").Prepend("prompt,face_image,width,height"));
                long start = Stopwatch.GetTimestamp();
                BenchmarkException.ThrowIfDifferent(count, session.Count(script, csv, Path.Combine(folder, "out")), "images");
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds, ratio = seconds / (Rounds * second);
                rows.Add(new Row(
                    $"{name} of {TableFormat.Count(count)} rows, {slots} slots", TableFormat.Invariant($"{seconds:0.0} s"), TableFormat.Invariant($"{Rounds * second:0.0} s (ideal)"),
                    TableFormat.Ratio(ratio), "≤ 1.60", ratio <= 1.6));
            }
        }

        run.AddNote("queue: the emulator draws the images on the same cores.");
        return Task.FromResult<IReadOnlyList<Row>>(rows);
    }
}
