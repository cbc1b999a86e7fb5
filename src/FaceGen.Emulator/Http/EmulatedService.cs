using System.Collections.Concurrent;
using FaceGen.Emulator.Accounts;
using FaceGen.Emulator.Drawing;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;
using FaceGen.Emulator.Journaling;
using FaceGen.Emulator.Webhooks;

namespace FaceGen.Emulator.Http;

/// <summary>The services that every endpoint uses: options, clock, links, pictures, faults and the current state.</summary>
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
        using ServiceState previous = _state;
        _state = NewState();
        Faults.ResetCounts();
    }

    /// <summary>Reports each distinct warning once to the emulator's owner.</summary>
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

/// <summary>The service's data; a reset replaces it.</summary>
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

    /// <summary>Returns a new id; generations and uploads share one sequence.</summary>
    internal long NextId() => Interlocked.Increment(ref _lastId);

    /// <summary>Returns a generation of any account: image links need no key.</summary>
    internal EmulatedGeneration? FindGeneration(long id) =>
        _accounts.Values.Select(account => account.Find(id)).FirstOrDefault(static found => found is not null);

    /// <summary>Cancels scheduled webhook deliveries.</summary>
    public void Dispose() => Webhooks.Dispose();
}
