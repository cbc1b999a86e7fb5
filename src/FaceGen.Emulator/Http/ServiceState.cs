using FaceGen.Emulator.Accounts;
using FaceGen.Emulator.Calling;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;
using FaceGen.Emulator.Journaling;

namespace FaceGen.Emulator.Http;

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
