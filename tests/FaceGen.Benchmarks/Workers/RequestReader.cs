using System.Diagnostics;
using FaceGen.Benchmarks.Hosting;

namespace FaceGen.Benchmarks.Workers;

/// <summary>Reads a request file to its end.</summary>
internal static class RequestReader
{
    private const string Script = "param($csv) Import-FaceGenRequest $csv | Measure-Count";

    /// <param name="csv">The file.</param>
    /// <param name="small">A small one, read first: what is loaded and compiled once is not in the figures.</param>
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

/// <param name="Rows">How many requests came out.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Memory">What it took.</param>
internal sealed record PipelineResult(long Rows, double Seconds, MemoryFigures Memory);
