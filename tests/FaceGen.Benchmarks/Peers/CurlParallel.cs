using System.Globalization;
using FaceGen.Benchmarks.Hosting;

namespace FaceGen.Benchmarks.Peers;

/// <summary>curl --parallel: it writes what comes and checks nothing.</summary>
internal static class CurlParallel
{
    internal static async Task DownloadAsync(string curl, IEnumerable<Uri> links, string folder, int parallel)
    {
        string config = Path.Combine(folder, "curl.txt");
        await File.WriteAllLinesAsync(config, links.SelectMany(link => new[]
        {
            $"url = \"{link}\"", $"output = \"{Path.Combine(folder, Path.GetFileName(link.AbsolutePath)).Replace('\\', '/')}\"",
        }));
        await ChildProcess.RunAsync(curl, "--silent", "--show-error", "--fail", "--parallel",
            "--parallel-max", parallel.ToString(CultureInfo.InvariantCulture), "--config", config);
        File.Delete(config);
    }
}
