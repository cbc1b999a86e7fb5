using System.Globalization;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Running;

namespace FaceGen.Benchmarks.Peers;

/// <summary>PowerShell's own Import-Csv, which checks nothing; it needs pwsh.</summary>
internal static class ImportCsv
{
    /// <summary>Returns the rows read per second; null without pwsh.</summary>
    internal static async Task<double?> MeasureRateAsync(string csv, long rows)
    {
        if (ExternalPrograms.PowerShell is not { } pwsh) return null;

        string output = await ChildProcess.RunAsync(pwsh, "-NoProfile", "-NonInteractive", "-Command", $$"""
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $count = (Import-Csv -LiteralPath '{{csv}}' | Measure-Object).Count
            "$count $($watch.Elapsed.TotalSeconds.ToString([cultureinfo]::InvariantCulture))"
            """);
        string[] parts = output.Split(' ', StringSplitOptions.TrimEntries);
        BenchmarkException.ThrowIfDifferent(rows, long.Parse(parts[0], CultureInfo.InvariantCulture), "rows read by Import-Csv");
        return rows / double.Parse(parts[1], CultureInfo.InvariantCulture);
    }
}

/// <summary>curl --parallel, which writes files and checks nothing.</summary>
internal static class CurlParallel
{
    internal static async Task DownloadAsync(string curl, IEnumerable<Uri> links, string folder, int parallel)
    {
        string config = Path.Combine(folder, "curl.txt");
        await File.WriteAllLinesAsync(config, links.SelectMany(link => new[]
        {
            $"url = \"{link}\"", $"output = \"{Path.Combine(folder, Path.GetFileName(link.AbsolutePath)).Replace('\\', '/')}\"",
        }));
        await ChildProcess.RunAsync(curl, "--silent", "--show-error", "--fail", "--parallel",
            "--parallel-max", parallel.ToString(CultureInfo.InvariantCulture), "--config", config);
        File.Delete(config);
    }
}
