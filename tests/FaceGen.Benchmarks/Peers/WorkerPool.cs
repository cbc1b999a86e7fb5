using System.Collections.Concurrent;

namespace FaceGen.Benchmarks.Peers;

/// <summary>Workers that each take the next prompt when they have done with the last.</summary>
internal static class WorkerPool
{
    internal static Task RunAsync(IReadOnlyList<string> prompts, int workers, Func<string, Task> work)
    {
        var queue = new ConcurrentQueue<string>(prompts);
        return Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(async () =>
        {
            while (queue.TryDequeue(out string? prompt)) await work(prompt);
        })));
    }
}
