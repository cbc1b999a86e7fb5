namespace FaceGen.Benchmarks.Peers;

/// <summary>
/// What the official JavaScript client (the package modelslab) does: it fetches at once, and then every two seconds, at most
/// ten times; then it gives up, and whoever wants the picture asks it again.
/// </summary>
/// <param name="second">How long a second of it is.</param>
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
