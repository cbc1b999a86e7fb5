using System.Diagnostics;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Running;
using FaceGen.Emulator;
using FaceGen.Emulator.Generating;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// Measures how often one local face image is uploaded that many rows use, with the bytes sent in total, and the time of a
/// pipeline whose rows have distinct face images, so that each is uploaded.
/// </summary>
internal sealed class FaceUploading : Benchmark
{
    private const int Slots = 5;
    private const int Rounds = 12;
    private const int Side = 900;
    private const double MaxBytes = 5e6;

    internal override string Name => "face";

    internal override string Summary => "one local face image used by a thousand rows, and one for each of sixty";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run) => [await MeasureOneAsync(run), await MeasureDistinctAsync(run)];

    private static async Task<Row> MeasureOneAsync(BenchmarkRun run)
    {
        int rows = run.Choose(1000, 5), side = run.Choose(Side, Side / 10);
        byte[] face = TestImages.Png(side, side, run.Choose(2_000_000, 20_000), run.Seed);
        await using EmulatorHost service = await EmulatorHost.StartAsync(new EmulatorOptions { QueueLimit = Slots, Seed = run.Seed });
        await GenerateAsync(run, service, [face], rows);

        int uploads = CountUploads(service);
        long sent = service.Journal.Entries.Sum(call => call.BytesReceived);
        double inline = rows * (double)(face.Length * 4L / 3);
        return new Row(
            $"a local face of {TableFormat.Megabytes(face.Length)}, {TableFormat.Count(rows)} rows: uploads, bytes sent",
            $"{uploads}, {TableFormat.Megabytes(sent)}", $"{TableFormat.Megabytes(inline)} (inline in every request)", TableFormat.Invariant($"{sent / inline:0.000}"),
            $"1, < {TableFormat.Megabytes(MaxBytes)}", uploads == 1 && sent < MaxBytes);
    }

    private static async Task<Row> MeasureDistinctAsync(BenchmarkRun run)
    {
        int rows = Slots * Rounds;
        double second = run.Choose(1.0, 0.05), ideal = Rounds * second;
        byte[][] faces = [.. Enumerable.Range(0, rows).Select(number => TestImages.Png(Side / 10, Side / 10, 20_000, run.Seed + number))];
        await using EmulatorHost service = await EmulatorHost.StartAsync(
            new EmulatorOptions { QueueLimit = Slots, Seed = run.Seed, ServiceTime = ServiceTime.Fixed(TimeSpan.FromSeconds(second)) });
        double seconds = (await GenerateAsync(run, service, faces, rows)).TotalSeconds;

        BenchmarkException.ThrowIfDifferent(rows, CountUploads(service), "uploads");
        return new Row(
            $"{rows} local faces, {rows} rows, {Slots} slots", TableFormat.Invariant($"{seconds:0.0} s"), TableFormat.Invariant($"{ideal:0.0} s (ideal)"),
            TableFormat.Ratio(seconds / ideal), "≤ 1.20", seconds / ideal <= 1.2);
    }

    /// <summary>Generates an image for each row; row after row uses the next face.</summary>
    private static async Task<TimeSpan> GenerateAsync(BenchmarkRun run, EmulatorHost service, byte[][] faces, int rows)
    {
        string folder = run.NewFolder(), csv = Path.Combine(folder, "people.csv");
        for (int number = 0; number < faces.Length; number++) await File.WriteAllBytesAsync(Path.Combine(folder, $"{number}.png"), faces[number]);
        await File.WriteAllLinesAsync(csv, Prompts.Numbered(rows).Select((prompt, row) => $"{prompt},{row % faces.Length}.png").Prepend("prompt,face_image"));

        using PowerShellSession session = PowerShellSession.Open();
        session.Connect(service.BaseUri, Slots);
        long start = Stopwatch.GetTimestamp();
        long generations = session.Count("param($csv) Import-FaceGenRequest $csv | New-FaceGenImage | Measure-Count", csv);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        BenchmarkException.ThrowIfDifferent(rows, generations, "generations");
        BenchmarkException.ThrowIfDifferent(rows, service.Journal.Accepted, "requests accepted");
        return time;
    }

    private static int CountUploads(EmulatorHost service) => service.Journal.Entries.Count(call => call.Path.EndsWith("/base64_to_url", StringComparison.Ordinal));
}
