using System.Diagnostics;
using FaceGen.Benchmarks.Hosting;
using FaceGen.Benchmarks.Peers;
using FaceGen.Benchmarks.Running;
using FaceGen.Benchmarks.Workers;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>Downloading: Save-FaceGenOutput, which checks, hashes and flushes, beside curl, which only writes. They take turns.</summary>
internal sealed class Saving : Benchmark
{
    private const int AtOnce = 8;
    private const double LeastRatio = 0.9;

    internal override string Name => "save";

    internal override string Summary => "Save-FaceGenOutput against curl --parallel";

    internal override async Task<IReadOnlyList<Row>> RunAsync(Run run)
    {
        int images = run.Size(1000, 10);
        using ChildProcess service = ChildProcess.StartWorker(Worker.ServeImages);
        var address = new Uri(await service.ReadLineAsync());
        using Session session = Session.Open();
        session.Connect(address, AtOnce);
        session.Run("param($prompts, $face) $global:generations = @($prompts | New-FaceGenImage -FaceImage $face)", Prompts.Numbered(images), ServiceCalls.Face);
        Uri[] links = [.. session.Run("$generations | ForEach-Object { $_.Output[0] }").Select(link => (Uri)link.BaseObject)];
        BenchmarkException.ThrowUnless(images, links.Distinct().Count(), "links");

        List<(double Own, double? Peer)> rounds = [];
        for (int round = -run.Size(1, 0); round < run.Size(5, 1); round++)
        {
            double own = images / SaveWithFaceGen(run, session, images).TotalSeconds;
            double? other = Programs.Curl is { } curl ? images / (await SaveWithCurlAsync(run, curl, links)).TotalSeconds : null;
            if (round >= 0) rounds.Add((own, other));
        }

        double rate = rounds.Select(round => round.Own).Median();
        run.Note(Text.Of($"save: {Text.Count(images)} PNGs of {ImageService.ImageBytes / 1000} KB, {AtOnce} at once, from a server on this machine that had them ready; to a disk with {DiskFormat(run)}."));
        if (rounds[0].Peer is null)
        {
            run.Note("save: there is no curl on the path.");
            return [new Row("images saved a second", Text.Count(rate), Text.None, Text.None, Text.Of($"≥ {LeastRatio}"), null)];
        }

        double ratio = rounds.Select(round => round.Own / round.Peer!.Value).Median();
        return
        [
            new Row("images saved a second, checked and hashed", Text.Count(rate), $"{Text.Count(rounds.Select(round => round.Peer!.Value).Median())} (curl --parallel)",
                Text.Ratio(ratio), Text.Of($"≥ {LeastRatio}"), ratio >= LeastRatio),
        ];
    }

    private static TimeSpan SaveWithFaceGen(Run run, Session session, int images)
    {
        string folder = run.NewFolder();
        long start = Stopwatch.GetTimestamp();
        long saved = session.Count("param($out, $limit) $generations | Save-FaceGenOutput $out -ThrottleLimit $limit | Where-Object { -not $_.Filtered } | Measure-Count", folder, AtOnce);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        BenchmarkException.ThrowUnless(images, saved, "images saved");
        Check(folder, images);
        return time;
    }

    private static async Task<TimeSpan> SaveWithCurlAsync(Run run, string curl, Uri[] links)
    {
        string folder = run.NewFolder();
        long start = Stopwatch.GetTimestamp();
        await CurlParallel.DownloadAsync(curl, links, folder, AtOnce);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        Check(folder, links.Length);
        return time;
    }

    private static void Check(string folder, int images)
    {
        BenchmarkException.ThrowUnless(images, new DirectoryInfo(folder).EnumerateFiles().Count(file => file.Length >= ImageService.ImageBytes), "whole files");
        Directory.Delete(folder, recursive: true);
    }

    private static string DiskFormat(Run run) => DriveInfo.GetDrives()
        .Where(drive => run.NewFolder().StartsWith(drive.RootDirectory.FullName, StringComparison.Ordinal))
        .MaxBy(drive => drive.RootDirectory.FullName.Length)?.DriveFormat ?? "an unknown file system";
}
