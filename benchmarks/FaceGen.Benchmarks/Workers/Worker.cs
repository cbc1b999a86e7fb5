using System.Diagnostics;
using System.Globalization;
using System.Runtime.Loader;
using System.Text.Json;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Running;

namespace FaceGen.Benchmarks.Workers;

/// <summary>The tasks that this program runs in its own process, so that nothing else is measured.</summary>
internal static class Worker
{
    internal const string ImportModule = "import-module";
    internal const string ReadRequests = "read-requests";
    internal const string RunPipeline = "run-pipeline";
    internal const string RunBatch = "run-batch";
    internal const string RunLedger = "run-ledger";
    internal const string ServeImages = "serve-images";

    /// <summary>Runs a task.</summary>
    /// <returns>The exit code.</returns>
    internal static async Task<int> RunAsync(string name, string[] arguments)
    {
        try
        {
            switch (name)
            {
                case ImportModule: Write(ModuleImporter.Run(arguments[0])); break;
                case ReadRequests: Write(RequestReader.Run(arguments[0], arguments[1])); break;
                case RunPipeline: Write(FullPipeline.Run(arguments)); break;
                case RunBatch: Write(LargeBatchRun.Run(arguments)); break;
                case RunLedger: LedgerRun.Run(arguments); break;
                case ServeImages: await ImageService.RunAsync(); break;
            }

            return 0;
        }
        catch (BenchmarkException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    /// <summary>Reads a worker's result.</summary>
    internal static T Read<T>(string output) => JsonSerializer.Deserialize<T>(output)!;

    private static void Write<T>(T result) => Console.Out.WriteLine(JsonSerializer.Serialize(result));
}

/// <summary>Imports a module into a new engine.</summary>
internal static class ModuleImporter
{
    internal static ImportedModule Run(string module)
    {
        using PowerShellSession session = PowerShellSession.OpenBare();
        // The cost of a session's first command does not belong to the module.
        session.Run("param($path) $null = Get-Command Import-Module", module);
        HashSet<string> before = [.. GetLoadedAssemblies()];
        long start = Stopwatch.GetTimestamp();
        session.Run("param($path) Import-Module $path -ErrorAction Stop", module);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return new ImportedModule(milliseconds, [.. GetLoadedAssemblies().Where(path => !before.Contains(path))]);
    }

    /// <summary>Returns the assemblies of all load contexts that belong neither to the framework nor to the engine.</summary>
    private static IEnumerable<string> GetLoadedAssemblies()
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return AssemblyLoadContext.All.SelectMany(context => context.Assemblies)
            .Where(assembly => !assembly.IsDynamic && assembly.Location.Length > 0)
            .Select(assembly => assembly.Location)
            .Where(path => Path.GetDirectoryName(path) != framework && !path.StartsWith(AppContext.BaseDirectory, StringComparison.Ordinal));
    }
}

/// <summary>The result of an import.</summary>
/// <param name="Milliseconds">The duration of the import.</param>
/// <param name="Assemblies">The assembly files that it loaded, other than the framework's and the engine's.</param>
internal sealed record ImportedModule(double Milliseconds, IReadOnlyList<string> Assemblies);

/// <summary>Reads a request file to its end.</summary>
internal static class RequestReader
{
    private const string Script = "param($csv) Import-FaceGenRequest $csv | Measure-Count";

    /// <summary>Reads a file.</summary>
    /// <param name="csv">The file.</param>
    /// <param name="small">A small file that is read first as a warm-up.</param>
    internal static PipelineResult Run(string csv, string small)
    {
        using PowerShellSession session = PowerShellSession.Open();
        session.Count(Script, small);
        using var meter = new MemoryMeter();
        long start = Stopwatch.GetTimestamp();
        long rows = session.Count(Script, csv);
        return new PipelineResult(rows, Stopwatch.GetElapsedTime(start).TotalSeconds, meter.Stop());
    }
}

/// <summary>The result of a pipeline.</summary>
/// <param name="Rows">The number of output objects.</param>
/// <param name="Seconds">The duration.</param>
/// <param name="Memory">The memory used.</param>
internal sealed record PipelineResult(long Rows, double Seconds, MemoryFigures Memory);

/// <summary>Runs the pipeline from CSV to saved images.</summary>
internal static class FullPipeline
{
    private const string Script = "param($csv, $out) Import-FaceGenRequest $csv | New-FaceGenImage | Save-FaceGenOutput $out | Measure-Count";

    /// <summary>Runs the pipeline.</summary>
    /// <param name="arguments">The service, its slots, the file, a small file for the warm-up, and the folder.</param>
    internal static PipelineResult Run(string[] arguments)
    {
        using PowerShellSession session = PowerShellSession.Open();
        session.Connect(new Uri(arguments[0]), int.Parse(arguments[1], CultureInfo.InvariantCulture));
        session.Count(Script, arguments[3], arguments[4]);
        using var meter = new MemoryMeter();
        long start = Stopwatch.GetTimestamp();
        long images = session.Count(Script, arguments[2], arguments[4]);
        return new PipelineResult(images, Stopwatch.GetElapsedTime(start).TotalSeconds, meter.Stop());
    }
}

/// <summary>Runs a batch on a ledger that other workers share.</summary>
internal static class LedgerRun
{
    private const string Script = "param($csv, $out, $ledger) Invoke-FaceGenBatch $csv -Destination $out -Ledger $ledger -SummaryOnly";

    /// <summary>Writes a line when the module is loaded, and runs the batch when the input is closed.</summary>
    /// <param name="arguments">The service, its slots, the file, the folder, and the ledger.</param>
    internal static void Run(string[] arguments)
    {
        using PowerShellSession session = PowerShellSession.Open();
        session.Connect(new Uri(arguments[0]), int.Parse(arguments[1], CultureInfo.InvariantCulture));
        Console.Out.WriteLine("ready");
        Console.In.ReadToEnd();
        session.Run(Script, arguments[2], arguments[3], arguments[4]);
    }
}

/// <summary>Runs a batch that sends nothing.</summary>
internal static class LargeBatchRun
{
    internal const string Plan = "plan";
    internal const string Import = "import";

    private const string Script = """
        param($csv, $out, $isPlan)
        if ($isPlan) { Invoke-FaceGenBatch $csv -Destination $out -Name '{row}-{index}' -WhatIf } else { Invoke-FaceGenBatch $csv -Destination $out -Name '{row}-{index}' -MaxImages 0 -SummaryOnly -WarningAction Ignore }
        """;

    /// <summary>Runs a batch.</summary>
    /// <param name="arguments">The service, the step, the file, the folder, and a small file and another folder for the warm-up.</param>
    internal static BatchResult Run(string[] arguments)
    {
        using PowerShellSession session = PowerShellSession.Open();
        session.Connect(new Uri(arguments[0]), 5);
        bool isPlan = arguments[1] == Plan;
        session.Run(Script, arguments[4], arguments[5], isPlan);
        using Process process = Process.GetCurrentProcess();
        (TimeSpan user, TimeSpan system) = (process.UserProcessorTime, process.PrivilegedProcessorTime);
        long start = Stopwatch.GetTimestamp();
        object? summary = session.Run(Script, arguments[2], arguments[3], isPlan) is [.., { } last] ? last.BaseObject : null;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.Refresh();
        return new BatchResult(
            summary is null ? 0 : (long)summary.GetType().GetProperty("Pending")!.GetValue(summary)!,
            seconds, (process.UserProcessorTime - user).TotalSeconds, (process.PrivilegedProcessorTime - system).TotalSeconds, process.PeakWorkingSet64);
    }
}

/// <summary>The result of a batch that sends nothing.</summary>
/// <param name="Pending">The number of pending rows.</param>
/// <param name="Seconds">The duration.</param>
/// <param name="UserTime">The processor time in the process, in seconds.</param>
/// <param name="SystemTime">The processor time in the system, in seconds.</param>
/// <param name="Resident">The largest resident set.</param>
internal sealed record BatchResult(long Pending, double Seconds, double UserTime, double SystemTime, long Resident);
