using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Running;
using FaceGen.Emulator;
using FaceGen.Emulator.Journaling;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>How often one local face image goes to the service that many rows use, and how many bytes go in all.</summary>
internal sealed class SharedFace : Benchmark
{
    private const int Slots = 5;
    private const int Side = 900;
    private const double MostBytes = 5e6;

    internal override string Name => "face";

    internal override string Summary => "one local face image used by a thousand rows";

    internal override async Task<IReadOnlyList<Row>> RunAsync(Run run)
    {
        int rows = run.Size(1000, 5), bytes = run.Size(2_000_000, 20_000);
        string folder = run.NewFolder();
        string csv = Path.Combine(folder, "people.csv");
        byte[] face = Pictures.Png(run.Size(Side, Side / 10), run.Size(Side, Side / 10), bytes, run.Seed);
        await File.WriteAllBytesAsync(Path.Combine(folder, "face.png"), face);
        await File.WriteAllLinesAsync(csv, Prompts.Numbered(rows).Select(prompt => $"{prompt},face.png").Prepend("prompt,face_image"));

        await using EmulatorHost service = await EmulatorHost.StartAsync(new EmulatorOptions { QueueLimit = Slots, Seed = run.Seed });
        using Session session = Session.Open();
        session.Connect(service.BaseUri, Slots);
        long generations = session.Count("param($csv) Import-FaceGenRequest $csv | New-FaceGenImage | Measure-Count", csv);
        BenchmarkException.ThrowUnless(rows, generations, "generations");
        BenchmarkException.ThrowUnless(rows, service.Journal.Accepted, "requests accepted");

        IReadOnlyList<JournalEntry> calls = service.Journal.Entries;
        int uploads = calls.Count(call => call.Path.EndsWith("/base64_to_url", StringComparison.Ordinal));
        long sent = calls.Sum(call => call.BytesReceived);
        double inline = rows * (double)(face.Length * 4L / 3);
        return
        [
            new Row($"a local face of {Text.Megabytes(face.Length)}, {Text.Count(rows)} rows: uploads, bytes sent",
                $"{uploads}, {Text.Megabytes(sent)}", $"{Text.Megabytes(inline)} (inline in every request)", Text.Of($"{sent / inline:0.000}"),
                $"1, < {Text.Megabytes(MostBytes)}", uploads == 1 && sent < MostBytes),
        ];
    }
}
