namespace FaceGen.Benchmarks.Peers;

/// <summary>
/// A PowerShell loop (ForEach-Object -Parallel around Invoke-RestMethod) that sleeps a second before the first look and twice
/// as long before each further one, at most ten seconds: the intervals of the service's own command line client.
/// </summary>
/// <param name="second">How long a second of it is.</param>
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
