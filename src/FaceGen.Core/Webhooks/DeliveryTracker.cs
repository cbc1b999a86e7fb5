using System.Globalization;
using FaceGen.Http;

namespace FaceGen.Webhooks;

/// <summary>
/// Tracks the webhook deliveries of an account. A delivery is only a hint to fetch its generation: it can be duplicated, late, early,
/// forged, or missing.
/// </summary>
internal sealed class DeliveryTracker
{
    /// <summary>The number of consecutive missed deliveries after which deliveries are no longer waited for (docs/architecture.md#missed-deliveries).</summary>
    internal const int MaxMissed = 5;

    /// <summary>The number of finished generations that are remembered in order to ignore late or repeated deliveries.</summary>
    private const int MaxRememberedIds = 10_000;

    private readonly object _gate = new();
    private readonly List<Webhook> _webhooks = [];
    private readonly Dictionary<string, TaskCompletionSource<bool>> _expected = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TrackedSubmission> _tracked = new(StringComparer.Ordinal);
    private readonly RecentSet<string> _finished = new(MaxRememberedIds);
    private readonly RecentSet<string> _finishedTrackIds = new(MaxRememberedIds);
    private readonly UnknownDeliveries _unknown = new();

    /// <summary>The ids of unknown deliveries that are being fetched.</summary>
    private readonly HashSet<string> _fetching = new(StringComparer.Ordinal);

    private TaskCompletionSource<bool> _nextChange = CreateSource<bool>();

    /// <summary>The last track id. Some services keep only 31 bits of one; half of them are left to count.</summary>
    private int _lastTrackId = BitConverter.ToInt32(Guid.NewGuid().ToByteArray(), 0) & 0x3FFF_FFFF;

    private int _missed;

    /// <summary>Gets the open webhooks, the newest first.</summary>
    internal IReadOnlyList<Webhook> Webhooks
    {
        get
        {
            lock (_gate) return [.. _webhooks];
        }
    }

    /// <summary>True if deliveries arrive, so that waiting for one is better than polling.</summary>
    internal bool IsReliable
    {
        get
        {
            lock (_gate) return _missed < MaxMissed && _webhooks.Count > 0;
        }
    }

    /// <summary>Gets a task that completes at the next change of this object.</summary>
    internal Task NextChange
    {
        get
        {
            lock (_gate) return _nextChange.Task;
        }
    }

    internal void Add(Webhook webhook)
    {
        webhook.Tracker = this;
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
            // The webhook of each generation is not known here, so every wait for a delivery ends.
            foreach (TaskCompletionSource<bool> expected in _expected.Values) expected.TrySetResult(false);
        }

        NotifyChange();
    }

    /// <summary>
    /// Returns a request with a webhook, by default the newest one that the service can reach. With one of these webhooks it gets a track
    /// id, by which a delivery identifies the request if the response to the submission is lost.
    /// </summary>
    internal Request AssignWebhook(Request request, ServiceAddress service)
    {
        Uri? address = request.Webhook ?? Webhooks.FirstOrDefault(webhook => webhook.Uri.Scheme == Uri.UriSchemeHttps || service.Root.IsLoopback)?.Uri;
        if (address is null) return request;

        request = request with { Webhook = address };
        return request.TrackId is null && HasOwnWebhook(request)
            ? request with { TrackId = Interlocked.Increment(ref _lastTrackId).ToString(CultureInfo.InvariantCulture) }
            : request;
    }

    /// <summary>True if a request has one of these webhooks.</summary>
    internal bool HasOwnWebhook(Request? request) => request?.Webhook is { } uri && Webhooks.Any(webhook => webhook.Uri == uri);

    /// <summary>Records a delivery.</summary>
    internal void Receive(string id, string? trackId)
    {
        lock (_gate)
        {
            _missed = 0;
            if (trackId is { } track && _tracked.TryGetValue(track, out TrackedSubmission? tracked)) tracked.SetId(id);
            if (_expected.TryGetValue(id, out TaskCompletionSource<bool>? expected)) expected.TrySetResult(true);
            else if (!_finished.Contains(id) && !_fetching.Contains(id) && !(trackId is { } known && _finishedTrackIds.Contains(known))) _unknown.Add(id);
        }

        NotifyChange();
    }

    /// <summary>Returns a task that is true at the next delivery for a generation, and false if a webhook is closed before.</summary>
    internal Task<bool> WaitForDeliveryAsync(string id)
    {
        lock (_gate)
        {
            // The delivery can arrive before the response with the id.
            if (_unknown.Remove(id)) return Task.FromResult(true);
            if (!_expected.TryGetValue(id, out TaskCompletionSource<bool>? delivery) || delivery.Task.IsCompleted)
                _expected[id] = delivery = CreateSource<bool>();
            return delivery.Task;
        }
    }

    /// <summary>Marks a generation as finished, so that later deliveries for it are ignored.</summary>
    /// <param name="id">The generation's id.</param>
    /// <param name="isMissed">True if a delivery was expected and did not arrive.</param>
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

    /// <summary>Marks a generation as finished whose submission response had no id, so that a delivery with its track id is ignored.</summary>
    internal void MarkTrackIdFinished(string trackId)
    {
        lock (_gate) _finishedTrackIds.Add(trackId);
    }

    /// <summary>Stops waiting for a delivery for a generation.</summary>
    internal void StopWaiting(string id)
    {
        lock (_gate) _expected.Remove(id);
    }

    /// <summary>Tracks a submission by its track id until the result is disposed.</summary>
    internal TrackedSubmission TrackSubmission(string trackId)
    {
        var tracked = new TrackedSubmission(this, trackId);
        lock (_gate) _tracked[trackId] = tracked;
        return tracked;
    }

    /// <summary>Returns the next id to fetch of deliveries for generations that this process did not submit; null if there is none.</summary>
    /// <param name="now">The elapsed time.</param>
    /// <param name="wait">The delay before the fetch.</param>
    internal string? PeekUnknown(TimeSpan now, out TimeSpan wait)
    {
        lock (_gate)
        {
            wait = _unknown.GetFetchDelay(now);
            return _unknown.Next;
        }
    }

    /// <summary>Removes the id of an unknown delivery in order to fetch it; returns false if another call removed it, or too many were fetched.</summary>
    internal bool TryBeginFetch(string id, TimeSpan now)
    {
        lock (_gate) return _unknown.TryBeginFetch(id, now) && _fetching.Add(id);
    }

    /// <summary>Ends the fetch of an unknown delivery.</summary>
    /// <param name="id">The id.</param>
    /// <param name="isFound">True if the service has the generation; null if that is not known.</param>
    internal void EndFetch(string id, bool? isFound)
    {
        lock (_gate)
        {
            _fetching.Remove(id);
            if (isFound == true) _unknown.RemoveLastFetch();
            // After a cancellation, a rejected key or a busy service, the next receiver fetches the id.
            if (isFound is null && !_finished.Contains(id)) _unknown.Requeue(id);
        }

        NotifyChange();
    }

    /// <summary>Completes <see cref="NextChange"/>.</summary>
    internal void NotifyChange()
    {
        TaskCompletionSource<bool> change;
        lock (_gate) (change, _nextChange) = (_nextChange, CreateSource<bool>());
        change.TrySetResult(true);
    }

    private static TaskCompletionSource<T> CreateSource<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Represents a submission that is identified by its track id until its response returns an id.</summary>
    internal sealed class TrackedSubmission(DeliveryTracker deliveries, string trackId) : IDisposable
    {
        private readonly TaskCompletionSource<string> _id = CreateSource<string>();

        /// <summary>Gets a task with the generation's id from a delivery.</summary>
        internal Task<string> Id => _id.Task;

        internal void SetId(string id) => _id.TrySetResult(id);

        public void Dispose()
        {
            lock (deliveries._gate) deliveries._tracked.Remove(trackId);
        }
    }

    /// <summary>Represents a set of the most recently added items.</summary>
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
