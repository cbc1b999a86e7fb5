using System.Text.Json;
using FaceGen.Benchmarks.Running;

namespace FaceGen.Benchmarks.Workers;

/// <summary>What this program does as a process of its own, so that nothing else is in the figures.</summary>
internal static class Worker
{
    internal const string ImportModule = "import-module";
    internal const string ReadRequests = "read-requests";
    internal const string RunPipeline = "run-pipeline";
    internal const string ServeImages = "serve-images";

    /// <returns>The exit code.</returns>
    internal static async Task<int> RunAsync(string name, string[] arguments)
    {
        try
        {
            switch (name)
            {
                case ImportModule: Write(ModuleImporter.Run(arguments[0])); break;
                case ReadRequests: Write(RequestReader.Run(arguments[0], arguments[1])); break;
                case RunPipeline: Write(FullPipeline.Run(arguments)); break;
                case ServeImages: await ImageService.RunAsync(); break;
            }

            return 0;
        }
        catch (BenchmarkException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    /// <summary>Reads what a worker found.</summary>
    internal static T Read<T>(string output) => JsonSerializer.Deserialize<T>(output)!;

    private static void Write<T>(T result) => Console.Out.WriteLine(JsonSerializer.Serialize(result));
}
