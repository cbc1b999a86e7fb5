using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;
using FaceGen.Benchmarks.Workers;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// Measures whether a long pipeline from CSV to saved images uses constant memory, in its own process. The service
/// takes some milliseconds, so that every generation is polled.
/// </summary>
internal sealed class PipelineMemory : Benchmark
{
    private const int Slots = 50;
    private const double MaxMemory = 120e6;

    internal override string Name => "pipeline";

    internal override string Summary => "memory of Import-FaceGenRequest | New-FaceGenImage | Save-FaceGenOutput";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        int rows = run.Choose(20_000, 40);
        string folder = run.NewFolder();
        using EmulatorProcess emulator = EmulatorProcess.Start(Slots, "uniform:0-0.02", run.Seed);
        PipelineResult ran = Worker.Read<PipelineResult>(await ChildProcess.RunWorkerAsync(Worker.RunPipeline, emulator.BaseUri.AbsoluteUri, TableFormat.Invariant($"{Slots}"),
            WriteCsv(folder, "people.csv", rows), WriteCsv(folder, "few.csv", run.Choose(200, 10)), Path.Combine(folder, "out")));
        BenchmarkException.ThrowIfDifferent(rows, ran.Rows, "images saved");
        MemoryFigures memory = ran.Memory;
        run.AddNote(TableFormat.Invariant($"pipeline: {TableFormat.Count(rows)} rows in {ran.Seconds:0} s, {Slots} slots; memory is the resident set minus its value after a few rows. The peak of the second half is {TableFormat.Megabytes(memory.SecondHalfGrowth)} above that of the first. The managed heap peaked at {TableFormat.Megabytes(memory.HeapPeak)} with garbage and had {TableFormat.Megabytes(memory.HeapAtEnd)} without it at the end."));
        return
        [
            new Row($"memory of the whole pipeline, {TableFormat.Count(rows)} rows", TableFormat.Megabytes(memory.ResidentPeak), TableFormat.None, TableFormat.None, $"< {TableFormat.Megabytes(MaxMemory)}", memory.ResidentPeak < MaxMemory),
        ];
    }

    private static string WriteCsv(string folder, string name, int rows)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllLines(path, Prompts.Numbered(rows, Path.GetFileNameWithoutExtension(name)).Select(prompt => $"{prompt},{ServiceCalls.Face},16,16").Prepend("prompt,face_image,width,height"));
        return path;
    }
}
