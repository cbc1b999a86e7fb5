namespace FaceGen.Emulator.Journaling;

/// <summary>
/// What happened at the emulator: every call that was answered, what was accepted and how often, and how much was in
/// flight at most. An entry is there before its answer reaches the caller. Safe for use by several threads.
/// </summary>
public sealed class Journal
{
    /// <summary>How many entries are kept; older ones are forgotten, the counts are not.</summary>
    public const int Capacity = 100_000;

    private readonly Lock _lock = new();
    private readonly Queue<JournalEntry> _entries = new();
    private readonly Queue<WebhookDelivery> _webhookDeliveries = new();
    private readonly Dictionary<string, int> _acceptedByPrompt = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _acceptedByRequest = new(StringComparer.Ordinal);
    private long _calls;
    private long _bytesReceived;
    private int _accepted;
    private int _maxInFlight;

    internal Journal()
    {
    }

    /// <summary>The calls in the order of their answers, at most the last <see cref="Capacity"/>.</summary>
    public IReadOnlyList<JournalEntry> Entries
    {
        get
        {
            lock (_lock)
                return [.. _entries];
        }
    }

    /// <summary>The emulator's own calls to webhooks, in the order of their ends, at most the last <see cref="Capacity"/>.</summary>
    public IReadOnlyList<WebhookDelivery> WebhookDeliveries
    {
        get
        {
            lock (_lock)
                return [.. _webhookDeliveries];
        }
    }

    /// <summary>How many calls were answered.</summary>
    public long Calls
    {
        get
        {
            lock (_lock)
                return _calls;
        }
    }

    /// <summary>How many bytes the calls' bodies had, all together.</summary>
    public long BytesReceived
    {
        get
        {
            lock (_lock)
                return _bytesReceived;
        }
    }

    /// <summary>How many submissions were accepted, and so paid for.</summary>
    public int Accepted
    {
        get
        {
            lock (_lock)
                return _accepted;
        }
    }

    /// <summary>How many submissions were accepted for each prompt.</summary>
    public IReadOnlyDictionary<string, int> AcceptedByPrompt
    {
        get
        {
            lock (_lock)
                return new Dictionary<string, int>(_acceptedByPrompt);
        }
    }

    /// <summary>
    /// How many submissions were accepted for each request in canonical form: its fields as JSON, sorted by name,
    /// without key, webhook and track id, and with a face image's SHA-256 in place of its bytes or of the link it was uploaded to.
    /// </summary>
    public IReadOnlyDictionary<string, int> AcceptedByRequest
    {
        get
        {
            lock (_lock)
                return new Dictionary<string, int>(_acceptedByRequest);
        }
    }

    /// <summary>
    /// The most that any one account ever had in flight: submissions not yet answered plus accepted generations not yet
    /// finished. A caller that keeps to the queue limit never drives it above that limit.
    /// </summary>
    public int MaxInFlight
    {
        get
        {
            lock (_lock)
                return _maxInFlight;
        }
    }

    internal void Add(JournalEntry entry)
    {
        lock (_lock)
        {
            _entries.Enqueue(entry with { Sequence = ++_calls });
            _bytesReceived += entry.BytesReceived;
            if (_entries.Count > Capacity)
                _entries.Dequeue();
        }
    }

    internal void Add(WebhookDelivery delivery)
    {
        lock (_lock)
        {
            _webhookDeliveries.Enqueue(delivery);
            if (_webhookDeliveries.Count > Capacity)
                _webhookDeliveries.Dequeue();
        }
    }

    /// <returns>How often this canonical request has been accepted by now, at least 1.</returns>
    internal int RecordAccepted(string prompt, string canonicalRequest)
    {
        lock (_lock)
        {
            _accepted++;
            _acceptedByPrompt[prompt] = _acceptedByPrompt.GetValueOrDefault(prompt) + 1;
            return _acceptedByRequest[canonicalRequest] = _acceptedByRequest.GetValueOrDefault(canonicalRequest) + 1;
        }
    }

    internal void RecordInFlight(int count)
    {
        lock (_lock)
            _maxInFlight = Math.Max(_maxInFlight, count);
    }
}
