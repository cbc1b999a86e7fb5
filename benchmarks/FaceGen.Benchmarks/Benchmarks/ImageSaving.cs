using System.Diagnostics;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;
using FaceGen.Benchmarks.Workers;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>
/// Compares downloads by Save-FaceGenOutput, which checks, hashes and flushes, with curl, which only writes. They
/// alternate.
/// </summary>
internal sealed class ImageSaving : Benchmark
{
    private const int Parallelism = 8;
    private const double MinRatio = 0.9;

    internal override string Name => "save";

    internal override string Summary => "Save-FaceGenOutput against curl --parallel";

    internal override async Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run)
    {
        int images = run.Choose(1000, 10);
        using ChildProcess service = ChildProcess.StartWorker(Worker.ServeImages);
        var address = new Uri(await service.ReadLineAsync());
        using PowerShellSession session = PowerShellSession.Open();
        session.Connect(address, Parallelism);
        session.Run("param($prompts, $face) $global:generations = @($prompts | New-FaceGenImage -FaceImage $face)", Prompts.Numbered(images), ServiceCalls.Face);
        Uri[] links = [.. session.Run("$generations | ForEach-Object { $_.Output[0] }").Select(link => (Uri)link.BaseObject)];
        BenchmarkException.ThrowIfDifferent(images, links.Distinct().Count(), "links");

        List<(double Own, double? Peer)> rounds = [];
        for (int round = -run.Choose(1, 0); round < run.Choose(5, 1); round++)
        {
            double own = images / SaveWithFaceGen(run, session, images).TotalSeconds;
            double? other = ExternalPrograms.Curl is { } curl ? images / (await SaveWithCurlAsync(run, curl, links)).TotalSeconds : null;
            if (round >= 0) rounds.Add((own, other));
        }

        double rate = rounds.Select(round => round.Own).Median();
        run.AddNote(TableFormat.Invariant($"save: {TableFormat.Count(images)} PNGs of {ImageService.ImageBytes / 1000} KB, {Parallelism} at once, from a server on this machine with prepared files, to a disk with {GetDiskFormat(run)}."));
        if (rounds[0].Peer is null)
        {
            run.AddNote("save: curl is not on the path.");
            return [new Row("images saved per second", TableFormat.Count(rate), TableFormat.None, TableFormat.None, TableFormat.Invariant($"≥ {MinRatio}"), null)];
        }

        double ratio = rounds.Select(round => round.Own / round.Peer!.Value).Median();
        return
        [
            new Row("images saved per second, checked and hashed", TableFormat.Count(rate), $"{TableFormat.Count(rounds.Select(round => round.Peer!.Value).Median())} (curl --parallel)",
                TableFormat.Ratio(ratio), TableFormat.Invariant($"≥ {MinRatio}"), ratio >= MinRatio),
        ];
    }

    private static TimeSpan SaveWithFaceGen(BenchmarkRun run, PowerShellSession session, int images)
    {
        string folder = run.NewFolder();
        long start = Stopwatch.GetTimestamp();
        long saved = session.Count("param($out, $limit) $generations | Save-FaceGenOutput $out -ThrottleLimit $limit | Where-Object { -not $_.Filtered } | Measure-Count", folder, Parallelism);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        BenchmarkException.ThrowIfDifferent(images, saved, "images saved");
        CheckFiles(folder, images);
        return time;
    }

    private static async Task<TimeSpan> SaveWithCurlAsync(BenchmarkRun run, string curl, Uri[] links)
    {
        string folder = run.NewFolder();
        long start = Stopwatch.GetTimestamp();
        await CurlParallel.DownloadAsync(curl, links, folder, Parallelism);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        CheckFiles(folder, links.Length);
        return time;
    }

    private static void CheckFiles(string folder, int images)
    {
        BenchmarkException.ThrowIfDifferent(images, new DirectoryInfo(folder).EnumerateFiles().Count(file => file.Length >= ImageService.ImageBytes), "complete files");
        Directory.Delete(folder, recursive: true);
    }

    private static string GetDiskFormat(BenchmarkRun run) => DriveInfo.GetDrives()
        .Where(drive => run.NewFolder().StartsWith(drive.RootDirectory.FullName, StringComparison.Ordinal))
        .MaxBy(drive => drive.RootDirectory.FullName.Length)?.DriveFormat ?? "an unknown file system";
}
