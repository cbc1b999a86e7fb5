using System.Collections.Concurrent;
using FaceGen.Emulator.Accounts;
using FaceGen.Emulator.Drawing;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;
using FaceGen.Emulator.Journaling;
using FaceGen.Emulator.Webhooks;

namespace FaceGen.Emulator.Http;

/// <summary>
/// What every endpoint stands on: the options, the clock, the links, the painter, and the state of now.
/// </summary>
internal sealed class EmulatedService : IDisposable
{
    private readonly ConcurrentDictionary<string, bool> _warnings = new(StringComparer.Ordinal);
    private volatile ServiceState _state;

    internal EmulatedService(EmulatorOptions options)
    {
        Options = options;
        Clock = new EmulatorClock(options.TimeProvider);
        Faults = new FaultPlan(options.Faults, options.Seed);
        _state = NewState();
    }

    internal EmulatorOptions Options { get; }

    internal EmulatorClock Clock { get; }

    internal FaultPlan Faults { get; }

    internal LinkFactory Links { get; } = new();

    internal PictureStore Pictures { get; } = new();

    internal ServiceState State => _state;

    internal void Reset()
    {
        using ServiceState before = _state;
        _state = NewState();
        Faults.ResetCounts();
    }

    /// <summary>Tells the emulator's owner, once for each warning.</summary>
    internal void ReportWarning(string warning)
    {
        if (_warnings.TryAdd(warning, true))
            Options.OnWarning?.Invoke(warning);
    }

    public void Dispose()
    {
        _state.Dispose();
        Pictures.Dispose();
    }

    private ServiceState NewState() => new(Options, Clock, Links, Faults);
}

/// <summary>All that the service remembers; a reset puts a new one in its place.</summary>
internal sealed class ServiceState : IDisposable
{
    private const long FirstId = 100_000_001;

    private readonly Dictionary<string, EmulatedAccount> _accounts = new(StringComparer.Ordinal);
    private long _lastId = FirstId - 1;

    internal ServiceState(EmulatorOptions options, EmulatorClock clock, LinkFactory links, FaultPlan faults)
    {
        Webhooks = new WebhookSender(clock, faults, links, Journal);
        Faces = new FaceReader(Uploads = new UploadStore(clock, links), links);
        foreach (string key in options.AdditionalApiKeys.Prepend(options.ApiKey))
            _accounts[key] = new EmulatedAccount(options, Journal, NextId);
    }

    internal Journal Journal { get; } = new();

    internal UploadStore Uploads { get; }

    internal FaceReader Faces { get; }

    internal WebhookSender Webhooks { get; }

    internal IReadOnlyDictionary<string, EmulatedAccount> Accounts => _accounts;

    /// <summary>An id that nothing had before: generations and uploads share one row of numbers.</summary>
    internal long NextId() => Interlocked.Increment(ref _lastId);

    /// <summary>A generation of any account: its images' links work for whoever knows them.</summary>
    internal EmulatedGeneration? FindGeneration(long id) =>
        _accounts.Values.Select(account => account.Find(id)).FirstOrDefault(static found => found is not null);

    /// <summary>Ends what would still happen by itself.</summary>
    public void Dispose() => Webhooks.Dispose();
}
