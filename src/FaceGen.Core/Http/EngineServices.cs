using System.Collections.Concurrent;
using System.Net;
using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.Http;

/// <summary>Provides the clock, network, file system and random numbers of the engine, so that tests can replace them.</summary>
internal sealed record EngineServices
{
    /// <summary>The services of this machine.</summary>
    internal static readonly EngineServices System = new();

    private static readonly Random SharedRandom = new();

    /// <summary>Gets the clock of every delay, timeout and time stamp.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Gets the factory of HTTP message handlers; null to use <see cref="HttpHandlers"/>.</summary>
    internal Func<HttpMessageHandler>? CreateHandler { get; init; }

    /// <summary>Gets the function that resolves a host name.</summary>
    internal Func<string, Task<IPAddress[]>> ResolveHostAsync { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Gets the process's accounts by their signatures, so that no key is stored longer than its connection.</summary>
    internal ConcurrentDictionary<string, Account> Accounts { get; } = new(StringComparer.Ordinal);

    /// <summary>Gets the guard that delays the end of the process while requests are in flight.</summary>
    internal ExitGuard ExitGuard { get; init; } = ExitGuard.Current;

    /// <summary>Gets the file operations for saving images.</summary>
    internal FileStorage Files { get; init; } = FileStorage.System;

    /// <summary>Gets the function that returns a random number from 0 to 1, for jitter.</summary>
    internal Func<double> NextDouble { get; init; } = () =>
    {
        lock (SharedRandom) return SharedRandom.NextDouble();
    };
}
