using FaceGen.Http;

namespace FaceGen.Webhooks;

/// <summary>
/// The calls that an account's webhooks have taken. A call is a hint and no more: it says that a look at a generation is
/// worthwhile now. It may be doubled, late, early, forged, or never come.
/// </summary>
internal sealed class DeliveryTracker
{
    /// <summary>How many calls in a row may fail to come until nobody waits for them any more.</summary>
    internal const int MaxMissed = 5;

    /// <summary>How many generations that have ended are remembered, so that a late or repeated delivery for one is ignored.</summary>
    private const int MaxRememberedIds = 10_000;

    private readonly object _gate = new();
    private readonly List<Webhook> _webhooks = [];
    private readonly Dictionary<string, TaskCompletionSource<bool>> _expected = new(StringComparer.Ordinal);
    private readonly Dictionary<long, TrackedSubmission> _tracked = [];
    private readonly RecentSet<string> _finished = new(MaxRememberedIds);
    private readonly RecentSet<long> _finishedTrackIds = new(MaxRememberedIds);
    private readonly UnknownDeliveries _unknown = new();

    /// <summary>The ids of unknown deliveries that are polled now.</summary>
    private readonly HashSet<string> _polling = new(StringComparer.Ordinal);

    private TaskCompletionSource<bool> _nextChange = CreateSource<bool>();
    private long _nextTrackId = BitConverter.ToInt64(Guid.NewGuid().ToByteArray(), 0) & 0xFFFF_FFFF_FFFF;
    private int _missed;

    /// <summary>The webhooks that listen, the newest first.</summary>
    internal IReadOnlyList<Webhook> Webhooks
    {
        get
        {
            lock (_gate) return [.. _webhooks];
        }
    }

    /// <summary>Whether calls come, so that waiting for one is better than looking.</summary>
    internal bool IsReliable
    {
        get
        {
            lock (_gate) return _missed < MaxMissed && _webhooks.Count > 0;
        }
    }

    /// <summary>Ends when the next thing happens here.</summary>
    internal Task NextChange
    {
        get
        {
            lock (_gate) return _nextChange.Task;
        }
    }

    internal void Add(Webhook webhook)
    {
        lock (_gate)
        {
            _webhooks.Insert(0, webhook);
            _missed = 0;
        }
    }

    internal void Close(Webhook webhook)
    {
        webhook.Dispose();
        lock (_gate)
        {
            _webhooks.Remove(webhook);
            // Whose address a generation's request had is not known here: nobody who waits now relies on a call any more.
            foreach (TaskCompletionSource<bool> expected in _expected.Values) expected.TrySetResult(false);
        }

        NotifyChange();
    }

    /// <summary>
    /// The request as it is sent: one that names no webhook takes the newest that listens and that the service can reach,
    /// and one that is called for has a track id, by which a call finds its request where the submission's answer is lost.
    /// </summary>
    internal Request AssignWebhook(Request request, ServiceAddress service)
    {
        Uri? webhook = request.Webhook ?? Webhooks.FirstOrDefault(one => one.Uri.Scheme == Uri.UriSchemeHttps || service.Root.IsLoopback)?.Uri;
        return webhook is null ? request : request with { Webhook = webhook, TrackId = request.TrackId ?? Interlocked.Increment(ref _nextTrackId) };
    }

    /// <summary>Whether a request's webhook is one of these.</summary>
    internal bool HasOwnWebhook(Request? request) => request?.Webhook is { } uri && Webhooks.Any(webhook => webhook.Uri == uri);

    /// <summary>Takes a call.</summary>
    internal void Receive(string id, long? trackId)
    {
        lock (_gate)
        {
            _missed = 0;
            if (trackId is { } track && _tracked.TryGetValue(track, out TrackedSubmission? tracked)) tracked.SetId(id);
            if (_expected.TryGetValue(id, out TaskCompletionSource<bool>? expected)) expected.TrySetResult(true);
            else if (!_finished.Contains(id) && !_polling.Contains(id) && !(trackId is { } known && _finishedTrackIds.Contains(known))) _unknown.Add(id);
        }

        NotifyChange();
    }

    /// <summary>
    /// Ends when a call for a generation has come since the last time that this was asked; with false where a webhook was
    /// closed, so that none may come.
    /// </summary>
    internal Task<bool> WaitForDeliveryAsync(string id)
    {
        lock (_gate)
        {
            // The call can have come before the answer that told the id.
            if (_unknown.Remove(id)) return Task.FromResult(true);
            if (!_expected.TryGetValue(id, out TaskCompletionSource<bool>? call) || call.Task.IsCompleted)
                _expected[id] = call = CreateSource<bool>();
            return call.Task;
        }
    }

    /// <summary>A generation has ended: later calls for it are no news.</summary>
    /// <param name="id">The generation.</param>
    /// <param name="isMissed">Whether a call was to tell of its end, and did not come.</param>
    internal void MarkFinished(string id, bool isMissed)
    {
        lock (_gate)
        {
            _expected.Remove(id);
            _unknown.Remove(id);
            _finished.Add(id);
            if (isMissed) _missed++;
        }

        NotifyChange();
    }

    /// <summary>A generation has ended in the submission's answer, which had no id: a delivery that names its track id is ignored.</summary>
    internal void MarkTrackIdFinished(long trackId)
    {
        lock (_gate) _finishedTrackIds.Add(trackId);
    }

    /// <summary>Stops waiting for a delivery for a generation.</summary>
    internal void StopWaiting(string id)
    {
        lock (_gate) _expected.Remove(id);
    }

    /// <summary>Notes the first call that names a track id, until what is returned is disposed of.</summary>
    internal TrackedSubmission TrackSubmission(long trackId)
    {
        var tracked = new TrackedSubmission(this, trackId);
        lock (_gate) _tracked[trackId] = tracked;
        return tracked;
    }

    /// <summary>The id to poll next of the deliveries for generations that this process did not submit; null where there is none.</summary>
    /// <param name="now">The elapsed time.</param>
    /// <param name="wait">How long to wait until it may be polled.</param>
    internal string? PeekUnknown(TimeSpan now, out TimeSpan wait)
    {
        lock (_gate)
        {
            wait = _unknown.GetPollDelay(now);
            return _unknown.Next;
        }
    }

    /// <summary>Takes the id of an unknown delivery to poll it; false where it is not unknown any more, or too many were polled.</summary>
    internal bool TryBeginPoll(string id, TimeSpan now)
    {
        lock (_gate) return _unknown.TryBeginPoll(id, now) && _polling.Add(id);
    }

    /// <summary>The poll of an unknown delivery has ended.</summary>
    /// <param name="id">The id.</param>
    /// <param name="isFound">Whether the service has such a generation; null where it did not say.</param>
    internal void EndPoll(string id, bool? isFound)
    {
        lock (_gate)
        {
            _polling.Remove(id);
            if (isFound == true) _unknown.RemoveLastPoll();
            // The next receiver polls one that a stop, a refused key or a busy service left.
            if (isFound is null && !_finished.Contains(id)) _unknown.Requeue(id);
        }

        NotifyChange();
    }

    /// <summary>Something that <see cref="NextChange"/> waits for has happened.</summary>
    internal void NotifyChange()
    {
        TaskCompletionSource<bool> before;
        lock (_gate) (before, _nextChange) = (_nextChange, CreateSource<bool>());
        before.TrySetResult(true);
    }

    private static TaskCompletionSource<T> CreateSource<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A submission that is known by its track id until its answer tells the service's own.</summary>
    internal sealed class TrackedSubmission(DeliveryTracker deliveries, long trackId) : IDisposable
    {
        private readonly TaskCompletionSource<string> _id = CreateSource<string>();

        /// <summary>The id of the generation that a call says it has become.</summary>
        internal Task<string> Id => _id.Task;

        internal void SetId(string id) => _id.TrySetResult(id);

        public void Dispose()
        {
            lock (deliveries._gate) deliveries._tracked.Remove(trackId);
        }
    }

    /// <summary>The newest of many.</summary>
    private sealed class RecentSet<T>(int capacity)
        where T : notnull
    {
        private readonly HashSet<T> _items = [];
        private readonly Queue<T> _order = new();

        internal bool Contains(T item) => _items.Contains(item);

        internal void Add(T item)
        {
            if (!_items.Add(item)) return;

            _order.Enqueue(item);
            if (_order.Count > capacity) _items.Remove(_order.Dequeue());
        }
    }
}
