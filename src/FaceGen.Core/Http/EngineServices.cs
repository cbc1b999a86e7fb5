using System.Collections.Concurrent;
using System.Net;
using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.Http;

/// <summary>What the engine takes from the world, so that tests can give it a world of their own.</summary>
internal sealed record EngineServices
{
    /// <summary>The machine's clock, network, file system and chance.</summary>
    internal static readonly EngineServices System = new();

    private static readonly Random SharedRandom = new();

    /// <summary>The clock of every wait, deadline and time stamp.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Makes the handler below an HTTP client; null for the framework's own.</summary>
    internal Func<HttpMessageHandler>? CreateHandler { get; init; }

    /// <summary>Looks a host up.</summary>
    internal Func<string, Task<IPAddress[]>> ResolveHostAsync { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Gets the accounts that the process knows, by their signatures: the key itself does not outlive its connections here.</summary>
    internal ConcurrentDictionary<string, Account> Accounts { get; } = new(StringComparer.Ordinal);

    /// <summary>Gets what keeps the process from exiting while answers are in flight.</summary>
    internal ExitGuard ExitGuard { get; init; } = ExitGuard.Current;

    /// <summary>Performs the file operations by which images are saved.</summary>
    internal FileStorage Files { get; init; } = FileStorage.System;

    /// <summary>A number from 0 to 1, for jitter.</summary>
    internal Func<double> NextDouble { get; init; } = () =>
    {
        lock (SharedRandom) return SharedRandom.NextDouble();
    };
}
