using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;
using FaceGen.Benchmarks.Workers;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// Whether a long pipeline stays in flat memory, from a CSV to saved images, in a process of its own. The service takes some
/// milliseconds, so that every generation is polled.
/// </summary>
internal sealed class PipelineMemory : Benchmark
{
    private const int Slots = 50;
    private const double MostMemory = 120e6;

    internal override string Name => "pipeline";

    internal override string Summary => "memory of Import-FaceGenRequest | New-FaceGenImage | Save-FaceGenOutput";

    internal override async Task<IReadOnlyList<Row>> RunAsync(Run run)
    {
        int rows = run.Size(20_000, 40);
        string folder = run.NewFolder();
        using EmulatorProcess emulator = EmulatorProcess.Start(Slots, "uniform:0-0.02", run.Seed);
        ReadRequests ran = Worker.Read<ReadRequests>(await ChildProcess.RunWorkerAsync(Worker.RunPipeline, emulator.BaseUri.AbsoluteUri, Text.Of($"{Slots}"),
            Write(folder, "people.csv", rows), Write(folder, "few.csv", run.Size(200, 10)), Path.Combine(folder, "out")));
        BenchmarkException.ThrowUnless(rows, ran.Rows, "images saved");
        MemoryFigures memory = ran.Memory;
        run.Note(Text.Of($"pipeline: {Text.Count(rows)} rows in {ran.Seconds:0} s, {Slots} slots; memory is the resident set above what it was after a few rows. Its second half grew by {Text.Megabytes(memory.SecondHalfGrowth)} above its first; the managed heap peaked at {Text.Megabytes(memory.HeapPeak)} with garbage and held {Text.Megabytes(memory.HeapKept)} at the end without."));
        return
        [
            new Row($"memory of the whole pipeline, {Text.Count(rows)} rows", Text.Megabytes(memory.ResidentPeak), Text.None, Text.None, $"< {Text.Megabytes(MostMemory)}", memory.ResidentPeak < MostMemory),
        ];
    }

    private static string Write(string folder, string name, int rows)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllLines(path, Prompts.Numbered(rows, Path.GetFileNameWithoutExtension(name)).Select(prompt => $"{prompt},{ServiceCalls.Face},16,16").Prepend("prompt,face_image,width,height"));
        return path;
    }
}
