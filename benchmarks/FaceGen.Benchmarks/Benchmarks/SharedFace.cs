using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Running;
using FaceGen.Emulator;
using FaceGen.Emulator.Journaling;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>Measures how often one local face image is uploaded that many rows use, and the bytes sent in total.</summary>
internal sealed class SharedFace : Benchmark
{
    private const int Slots = 5;
    private const int Side = 900;
    private const double MaxBytes = 5e6;

    internal override string Name => "face";

    internal override string Summary => "one local face image used by a thousand rows";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        int rows = run.Choose(1000, 5), bytes = run.Choose(2_000_000, 20_000);
        string folder = run.NewFolder();
        string csv = Path.Combine(folder, "people.csv");
        byte[] face = TestImages.Png(run.Choose(Side, Side / 10), run.Choose(Side, Side / 10), bytes, run.Seed);
        await File.WriteAllBytesAsync(Path.Combine(folder, "face.png"), face);
        await File.WriteAllLinesAsync(csv, Prompts.Numbered(rows).Select(prompt => $"{prompt},face.png").Prepend("prompt,face_image"));

        await using EmulatorHost service = await EmulatorHost.StartAsync(new EmulatorOptions { QueueLimit = Slots, Seed = run.Seed });
        using PowerShellSession session = PowerShellSession.Open();
        session.Connect(service.BaseUri, Slots);
        long generations = session.Count("param($csv) Import-FaceGenRequest $csv | New-FaceGenImage | Measure-Count", csv);
        BenchmarkException.ThrowIfDifferent(rows, generations, "generations");
        BenchmarkException.ThrowIfDifferent(rows, service.Journal.Accepted, "requests accepted");

        IReadOnlyList<JournalEntry> calls = service.Journal.Entries;
        int uploads = calls.Count(call => call.Path.EndsWith("/base64_to_url", StringComparison.Ordinal));
        long sent = calls.Sum(call => call.BytesReceived);
        double inline = rows * (double)(face.Length * 4L / 3);
        return
        [
            new Row($"a local face of {TableFormat.Megabytes(face.Length)}, {TableFormat.Count(rows)} rows: uploads, bytes sent",
                $"{uploads}, {TableFormat.Megabytes(sent)}", $"{TableFormat.Megabytes(inline)} (inline in every request)", TableFormat.Invariant($"{sent / inline:0.000}"),
                $"1, < {TableFormat.Megabytes(MaxBytes)}", uploads == 1 && sent < MaxBytes),
        ];
    }
}
