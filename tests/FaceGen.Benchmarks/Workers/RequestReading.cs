using System.Diagnostics;
using FaceGen.Benchmarks.Hosting;

namespace FaceGen.Benchmarks.Workers;

/// <summary>Reads a request file to its end.</summary>
internal static class RequestReading
{
    private const string Script = "param($csv) Import-FaceGenRequest $csv | Measure-Count";

    /// <param name="csv">The file.</param>
    /// <param name="small">A small one, read first: what is loaded and compiled once is not in the figures.</param>
    internal static ReadRequests Run(string csv, string small)
    {
        using Session session = Session.Open();
        session.Count(Script, small);
        using var meter = new MemoryMeter();
        long start = Stopwatch.GetTimestamp();
        long rows = session.Count(Script, csv);
        return new ReadRequests(rows, Stopwatch.GetElapsedTime(start).TotalSeconds, meter.End());
    }
}

/// <param name="Rows">How many requests came out.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Memory">What it took.</param>
internal sealed record ReadRequests(long Rows, double Seconds, MemoryFigures Memory);
