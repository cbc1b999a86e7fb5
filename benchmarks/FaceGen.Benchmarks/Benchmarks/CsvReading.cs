using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;
using FaceGen.Benchmarks.Workers;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>Measures the speed and memory of Import-FaceGenRequest on a CSV, each time in a new process.</summary>
internal sealed class CsvReading : Benchmark
{
    private const double MinRate = 400_000;
    private const double MinRatio = 5;
    private const double MaxMemory = 60e6;

    internal override string Name => "csv";

    internal override string Summary => "Import-FaceGenRequest on a CSV of a million rows";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        int rows = run.Choose(1_000_000, 2_000);
        string folder = run.NewFolder();
        string csv = WriteCsv(folder, "million.csv", rows), small = WriteCsv(folder, "small.csv", 1000);
        List<PipelineResult> own = [];
        List<double> others = [];
        for (int round = 0; round < run.Choose(3, 1); round++)
        {
            PipelineResult read = Worker.Read<PipelineResult>(await ChildProcess.RunWorkerAsync(Worker.ReadRequests, csv, small));
            BenchmarkException.ThrowIfDifferent(rows, read.Rows, "rows read");
            own.Add(read);
            if (await ImportCsv.MeasureRateAsync(csv, rows) is { } rate) others.Add(rate);
        }

        double ownRate = own.Select(read => read.Rows / read.Seconds).Median();
        double memory = own.Max(read => read.Memory.ResidentPeak), heap = own.Max(read => read.Memory.HeapPeak);
        run.AddNote(TableFormat.Invariant($"csv: {TableFormat.Count(rows)} rows, {TableFormat.Megabytes(new FileInfo(csv).Length)}; memory is the resident set minus its value after a thousand rows, the maximum of {own.Count} processes. The managed heap alone, with garbage, grew by {TableFormat.Megabytes(heap)}."));
        return
        [
            others.Count > 0
                ? new Row("CSV rows read and checked per second", TableFormat.Count(ownRate), $"{TableFormat.Count(others.Median())} (Import-Csv)", TableFormat.Ratio(ownRate / others.Median()), TableFormat.Invariant($"≥ {MinRatio} times"), ownRate / others.Median() >= MinRatio)
                : new Row("CSV rows read and checked per second", TableFormat.Count(ownRate), TableFormat.None, TableFormat.None, $"≥ {TableFormat.Count(MinRate)}", ownRate >= MinRate),
            new Row("memory of that above the start", TableFormat.Megabytes(memory), TableFormat.None, TableFormat.None, $"< {TableFormat.Megabytes(MaxMemory)}", memory < MaxMemory),
        ];
    }

    /// <summary>Writes a CSV whose rows are all different.</summary>
    internal static string WriteCsv(string folder, string name, int rows)
    {
        string path = Path.Combine(folder, name);
        using var csv = new StreamWriter(path);
        csv.WriteLine("prompt,face_image,style,num_inference_steps,guidance_scale,seed");
        for (int row = 0; row < rows; row++)
            csv.WriteLine(TableFormat.Invariant($"\"portrait of person {row:0000000}, smiling\",https://example.com/faces/{row % 1000:000}.jpg,anime,31,7.5,{row}"));
        return path;
    }
}
