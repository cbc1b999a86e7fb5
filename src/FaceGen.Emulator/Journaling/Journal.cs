namespace FaceGen.Emulator.Journaling;

/// <summary>
/// The record of what happened at the emulator: every call with a response, the accepted requests, and the maximum in flight.
/// An entry exists before its response reaches the caller. Thread-safe.
/// </summary>
public sealed class Journal
{
    /// <summary>The number of entries that are kept. Older ones are dropped; the counts are not.</summary>
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

    /// <summary>Gets the calls in the order of their responses, at most the last <see cref="Capacity"/>.</summary>
    public IReadOnlyList<JournalEntry> Entries
    {
        get
        {
            lock (_lock)
                return [.. _entries];
        }
    }

    /// <summary>Gets the webhook deliveries in the order of completion, at most the last <see cref="Capacity"/>.</summary>
    public IReadOnlyList<WebhookDelivery> WebhookDeliveries
    {
        get
        {
            lock (_lock)
                return [.. _webhookDeliveries];
        }
    }

    /// <summary>Gets the number of calls with a response.</summary>
    public long Calls
    {
        get
        {
            lock (_lock)
                return _calls;
        }
    }

    /// <summary>Gets the total number of body bytes received.</summary>
    public long BytesReceived
    {
        get
        {
            lock (_lock)
                return _bytesReceived;
        }
    }

    /// <summary>Gets the number of submissions that were accepted, and so paid for.</summary>
    public int Accepted
    {
        get
        {
            lock (_lock)
                return _accepted;
        }
    }

    /// <summary>Gets the number of accepted submissions for each prompt.</summary>
    public IReadOnlyDictionary<string, int> AcceptedByPrompt
    {
        get
        {
            lock (_lock)
                return new Dictionary<string, int>(_acceptedByPrompt);
        }
    }

    /// <summary>
    /// Gets the number of accepted submissions for each request in canonical form: its fields as JSON, sorted by name,
    /// without key, webhook and track id, and with the face image's SHA-256 in place of its bytes or upload link.
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
    /// Gets the maximum of any account's requests in flight: unanswered submissions plus accepted, unfinished
    /// generations. A caller that respects the queue limit never exceeds it.
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

    /// <summary>Counts an accepted request.</summary>
    /// <returns>The number of times this canonical request has been accepted, at least 1.</returns>
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
