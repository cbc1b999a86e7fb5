using System.Diagnostics;
using FaceGen.Benchmarks.Benchmarks;

namespace FaceGen.Benchmarks.Running;

/// <summary>Runs the benchmarks that are asked for and prints their table.</summary>
internal static class BenchmarkProgram
{
    private const int Failed = 1;
    private const int UsageError = 2;

    private static readonly Benchmark[] All =
    [
        new SlotUtilization(), new Throughput(), new RestMethodComparison(), new ModuleImport(), new ImageSaving(), new CsvReading(),
        new PipelineMemory(), new SharedFace(),
    ];

    /// <returns>The exit code: 0 also where bars are missed, 1 where something could not be measured, 2 for wrong arguments.</returns>
    internal static async Task<int> RunAsync(string[] arguments)
    {
        BenchmarkOptions? options = BenchmarkOptions.Parse(arguments, [.. All.Select(benchmark => benchmark.Name)], out string fault);
        if (options is null)
        {
            Console.Error.WriteLine($"{fault} Usage: [benchmark ...] [--smoke] [--seed number]");
            foreach (Benchmark benchmark in All) Console.Error.WriteLine($"  {benchmark.Name,-12} {benchmark.Summary}");
            return UsageError;
        }

        // The engine reports the names of imported modules to its makers unless told otherwise.
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
        using var run = new BenchmarkRun { IsSmoke = options.IsSmoke, Seed = options.Seed };
        List<Row> rows = [];
        bool failed = false;
        foreach (Benchmark benchmark in All.Where(benchmark => options.Names.Count == 0 || options.Names.Contains(benchmark.Name)))
        {
            BenchmarkRun.WriteProgress($"{benchmark.Name}: {benchmark.Summary}");
            long start = Stopwatch.GetTimestamp();
            try
            {
                rows.AddRange(await benchmark.RunAsync(run));
            }
            catch (BenchmarkException e)
            {
                failed = true;
                rows.Add(new Row(benchmark.Summary, $"could not be measured: {e.Message}", TableFormat.None, TableFormat.None, TableFormat.None, null));
            }

            BenchmarkRun.WriteProgress(TableFormat.Invariant($"{benchmark.Name}: {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s"));
        }

        Table.Write(Console.Out, rows);
        Console.WriteLine();
        Console.WriteLine($"{Machine.Describe()}; seed {run.Seed}{(run.IsSmoke ? "; a smoke run: no figure means anything" : "")}.");
        foreach (string note in run.Notes) Console.WriteLine($"- {note}");
        return failed ? Failed : 0;
    }
}
