using System.Diagnostics;
using System.Globalization;
using FaceGen.Benchmarks.Hosting;

namespace FaceGen.Benchmarks.Workers;

/// <summary>From a CSV to saved images.</summary>
internal static class FullPipeline
{
    private const string Script = "param($csv, $out) Import-FaceGenRequest $csv | New-FaceGenImage | Save-FaceGenOutput $out | Measure-Count";

    /// <param name="arguments">The service, its slots, the file, a small one that is done first, and the folder.</param>
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
