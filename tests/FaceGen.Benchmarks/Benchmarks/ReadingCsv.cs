using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;
using FaceGen.Benchmarks.Workers;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>How fast Import-FaceGenRequest reads and checks a CSV, and in how much memory; each time in a fresh process.</summary>
internal sealed class ReadingCsv : Benchmark
{
    private const double LeastRate = 400_000;
    private const double LeastRatio = 5;
    private const double MostMemory = 60e6;

    internal override string Name => "csv";

    internal override string Summary => "Import-FaceGenRequest on a CSV of a million rows";

    internal override async Task<IReadOnlyList<Row>> RunAsync(Run run)
    {
        int rows = run.Size(1_000_000, 2_000);
        string folder = run.NewFolder();
        string csv = Write(folder, "million.csv", rows), small = Write(folder, "small.csv", 1000);
        List<ReadRequests> own = [];
        List<double> others = [];
        for (int round = 0; round < run.Size(3, 1); round++)
        {
            ReadRequests read = Worker.Read<ReadRequests>(await ChildProcess.RunWorkerAsync(Worker.ReadRequests, csv, small));
            BenchmarkException.ThrowUnless(rows, read.Rows, "rows read");
            own.Add(read);
            if (await ImportCsv.RateAsync(csv, rows) is { } rate) others.Add(rate);
        }

        double ownRate = own.Select(read => read.Rows / read.Seconds).Median();
        double memory = own.Max(read => read.Memory.ResidentPeak), heap = own.Max(read => read.Memory.HeapPeak);
        run.Note(Text.Of($"csv: {Text.Count(rows)} rows, {Text.Megabytes(new FileInfo(csv).Length)}; memory is the resident set above what it was after a thousand rows, the most of {own.Count} processes; the managed heap alone, garbage included, grew by {Text.Megabytes(heap)}."));
        return
        [
            others.Count > 0
                ? new Row("rows of CSV read a second, checked", Text.Count(ownRate), $"{Text.Count(others.Median())} (Import-Csv)", Text.Ratio(ownRate / others.Median()), Text.Of($"≥ {LeastRatio} times"), ownRate / others.Median() >= LeastRatio)
                : new Row("rows of CSV read a second, checked", Text.Count(ownRate), Text.None, Text.None, $"≥ {Text.Count(LeastRate)}", ownRate >= LeastRate),
            new Row("memory of that, above the start", Text.Megabytes(memory), Text.None, Text.None, $"< {Text.Megabytes(MostMemory)}", memory < MostMemory),
        ];
    }

    private static string Write(string folder, string name, int rows)
    {
        string path = Path.Combine(folder, name);
        using var csv = new StreamWriter(path);
        csv.WriteLine("prompt,face_image,style,num_inference_steps,guidance_scale,seed");
        for (int row = 0; row < rows; row++)
            csv.WriteLine(Text.Of($"\"portrait of person {row:0000000}, smiling\",https://example.com/faces/{row % 1000:000}.jpg,anime,31,7.5,{row}"));
        return path;
    }
}
