using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.InteropServices;
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

/// <summary>The command line.</summary>
/// <param name="Names">The benchmarks to run; all where none is named.</param>
/// <param name="IsSmoke">Whether everything is tiny.</param>
/// <param name="Seed">The seed.</param>
internal sealed record BenchmarkOptions(IReadOnlyList<string> Names, bool IsSmoke, int Seed)
{
    /// <summary>Reads the arguments; null, with the reason, where they are none.</summary>
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
                error = $"'{arguments[i]}' is no benchmark and no option.";
                return null;
            }
        }

        return new BenchmarkOptions(names, isSmoke, seed);
    }
}

/// <summary>What the figures were measured on.</summary>
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
