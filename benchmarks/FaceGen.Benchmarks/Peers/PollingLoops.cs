using System.Collections.Concurrent;

namespace FaceGen.Benchmarks.Peers;

/// <summary>Another client of the service, to compare with.</summary>
internal interface IPeer
{
    string Name { get; }

    /// <summary>Generates an image for each prompt.</summary>
    Task GenerateAsync(ServiceCalls service, IReadOnlyList<string> prompts, int workers);
}

/// <summary>A bare HttpClient loop: submits, and polls every second.</summary>
/// <param name="second">The duration of one second; shorter in a smoke run.</param>
internal sealed class BareLoop(TimeSpan second) : IPeer
{
    public string Name => "a bare HttpClient loop";

    public Task GenerateAsync(ServiceCalls service, IReadOnlyList<string> prompts, int workers) => WorkerPool.RunAsync(prompts, workers, async prompt =>
    {
        if (await service.SubmitAsync(prompt) is not { } id) return;

        do await Task.Delay(second);
        while (!await service.FetchAsync(id));
    });
}

/// <summary>
/// A PowerShell loop (ForEach-Object -Parallel around Invoke-RestMethod) that sleeps a second before the first poll and
/// doubles the sleep up to ten seconds: the intervals of the service's own command line client.
/// </summary>
/// <param name="second">The duration of one second; shorter in a smoke run.</param>
internal sealed class BackoffLoop(TimeSpan second) : IPeer
{
    private readonly TimeSpan _maxWait = 10 * second;

    public string Name => "a loop with doubling sleeps";

    public Task GenerateAsync(ServiceCalls service, IReadOnlyList<string> prompts, int workers) => WorkerPool.RunAsync(prompts, workers, async prompt =>
    {
        if (await service.SubmitAsync(prompt) is not { } id) return;

        TimeSpan wait = second;
        do
        {
            await Task.Delay(wait);
            wait = 2 * wait < _maxWait ? 2 * wait : _maxWait;
        }
        while (!await service.FetchAsync(id));
    });
}

/// <summary>
/// The official JavaScript client (package modelslab): it fetches at once and then every two seconds, at most ten
/// times; then the caller must ask again.
/// </summary>
/// <param name="second">The duration of one second; shorter in a smoke run.</param>
internal sealed class JavaScriptClient(TimeSpan second) : IPeer
{
    private const int FetchRetries = 10;

    private readonly TimeSpan _fetchTimeout = 2 * second;

    public string Name => "the official JavaScript client";

    public Task GenerateAsync(ServiceCalls service, IReadOnlyList<string> prompts, int workers) => WorkerPool.RunAsync(prompts, workers, async prompt =>
    {
        if (await service.SubmitAsync(prompt) is not { } id) return;

        while (!await FetchAsync(service, id)) ;
    });

    private async Task<bool> FetchAsync(ServiceCalls service, long id)
    {
        for (int i = 0; i < FetchRetries; i++)
        {
            if (await service.FetchAsync(id)) return true;

            await Task.Delay(_fetchTimeout);
        }

        return false;
    }
}

/// <summary>Runs workers that each take the next prompt when they have finished the last.</summary>
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
