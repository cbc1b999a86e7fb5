namespace FaceGen.Benchmarks.Peers;

/// <summary>Another way to get a row of pictures out of the service.</summary>
internal interface IPeer
{
    string Name { get; }

    /// <summary>Has a picture made for each prompt.</summary>
    Task GenerateAsync(ServiceCalls service, IReadOnlyList<string> prompts, int workers);
}
