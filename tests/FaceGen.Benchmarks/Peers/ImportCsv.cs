using System.Globalization;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Running;

namespace FaceGen.Benchmarks.Peers;

/// <summary>PowerShell's own Import-Csv, which checks nothing; it needs pwsh.</summary>
internal static class ImportCsv
{
    /// <summary>The rows that it reads in a second; null where there is no pwsh.</summary>
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
