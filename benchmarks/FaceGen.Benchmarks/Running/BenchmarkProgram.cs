using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.InteropServices;
using FaceGen.Benchmarks.Benchmarks;

namespace FaceGen.Benchmarks.Running;

/// <summary>Runs the requested benchmarks and prints their table.</summary>
internal static class BenchmarkProgram
{
    private const int Failed = 1;
    private const int UsageError = 2;

    private static readonly Benchmark[] All =
    [
        new SlotUtilization(), new Throughput(), new RestMethodComparison(), new ModuleImport(), new ImageSaving(), new CsvReading(),
        new PipelineMemory(), new FaceUploading(), new LongQueue(), new LargeBatch(), new SharedLedger(),
    ];

    /// <summary>Runs the program.</summary>
    /// <returns>
    /// The exit code: 0 even if targets are missed, 1 if something could not be measured, 2 for invalid arguments.
    /// </returns>
    internal static async Task<int> RunAsync(string[] arguments)
    {
        BenchmarkOptions? options = BenchmarkOptions.Parse(arguments, [.. All.Select(benchmark => benchmark.Name)], out string error);
        if (options is null)
        {
            Console.Error.WriteLine($"{error} Usage: [benchmark ...] [--smoke] [--seed number]");
            foreach (Benchmark benchmark in All) Console.Error.WriteLine($"  {benchmark.Name,-12} {benchmark.Summary}");
            return UsageError;
        }

        // The engine sends the names of imported modules as telemetry unless this is set.
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
        Console.WriteLine($"{Machine.Describe()}; seed {run.Seed}{(run.IsSmoke ? "; a smoke run: the numbers mean nothing" : "")}.");
        foreach (string note in run.Notes) Console.WriteLine($"- {note}");
        return failed ? Failed : 0;
    }
}

/// <summary>The command line.</summary>
/// <param name="Names">The benchmarks to run; empty for all.</param>
/// <param name="IsSmoke">Whether all sizes are tiny.</param>
/// <param name="Seed">The seed.</param>
internal sealed record BenchmarkOptions(IReadOnlyList<string> Names, bool IsSmoke, int Seed)
{
    /// <summary>Parses the arguments; returns null with the reason if they are invalid.</summary>
    internal static BenchmarkOptions? Parse(IReadOnlyList<string> arguments, IReadOnlyCollection<string> known, out string error)
    {
        error = "";
        List<string> names = [];
        bool isSmoke = false;
        int seed = 1;
        for (int i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == "--smoke") isSmoke = true;
            else if (arguments[i] == "--seed" && i + 1 < arguments.Count
                && int.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out seed)) i++;
            else if (known.Contains(arguments[i])) names.Add(arguments[i]);
            else
            {
                error = $"'{arguments[i]}' is neither a benchmark nor an option.";
                return null;
            }
        }

        return new BenchmarkOptions(names, isSmoke, seed);
    }
}

/// <summary>Describes the machine.</summary>
internal static class Machine
{
    private const double Gigabyte = 1 << 30;

    internal static string EngineVersion { get; } =
        typeof(PSObject).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split(' ', '+')[0];

    internal static string Describe()
    {
        double memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Gigabyte;
        return TableFormat.Invariant($"{Environment.ProcessorCount} cores, {memory:0} GiB of memory, {RuntimeInformation.OSDescription} ({RuntimeInformation.OSArchitecture}), {RuntimeInformation.FrameworkDescription}, PowerShell's engine {EngineVersion}");
    }
}
