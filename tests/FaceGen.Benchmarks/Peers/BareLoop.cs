namespace FaceGen.Benchmarks.Peers;

/// <summary>Nothing but HttpClient: submits, and where the picture is not there yet, looks every second.</summary>
/// <param name="second">How long a second of it is.</param>
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
