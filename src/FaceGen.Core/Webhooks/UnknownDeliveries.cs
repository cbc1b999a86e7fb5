namespace FaceGen.Webhooks;

/// <summary>
/// Holds the ids of webhook deliveries for generations that this process did not submit. A sender that knows the webhook's address can
/// send any number of them, so the ids and their fetches are limited. The caller holds a lock.
/// </summary>
internal sealed class UnknownDeliveries
{
    /// <summary>The maximum number of ids; another one replaces the oldest.</summary>
    internal const int MaxIds = 10_000;

    /// <summary>The maximum number of fetches per minute that find no generation.</summary>
    internal const int MaxFetchesPerMinute = 60;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly LinkedList<string> _order = [];
    private readonly Dictionary<string, LinkedListNode<string>> _ids = new(StringComparer.Ordinal);

    /// <summary>The elapsed times at which the fetches of the last minute started, without those that found a generation.</summary>
    private readonly List<TimeSpan> _fetchTimes = [];

    internal int Count => _ids.Count;

    internal void Add(string id)
    {
        if (_ids.ContainsKey(id)) return;

        _ids[id] = _order.AddLast(id);
        if (_ids.Count > MaxIds) Remove(_order.First!.Value);
    }

    /// <summary>Adds an id whose fetch had no result; all others are fetched before it.</summary>
    internal void Requeue(string id)
    {
        if (_ids.Count < MaxIds && !_ids.ContainsKey(id)) _ids[id] = _order.AddFirst(id);
    }

    internal bool Remove(string id)
    {
        if (!_ids.TryGetValue(id, out LinkedListNode<string>? node)) return false;

        _order.Remove(node);
        return _ids.Remove(id);
    }

    /// <summary>Gets the next id to fetch, which is the newest, so that an earlier flood does not delay it; null if there is none.</summary>
    internal string? Next => _order.Last?.Value;

    /// <summary>Returns the delay before the next fetch; zero if it is allowed now.</summary>
    internal TimeSpan GetFetchDelay(TimeSpan now)
    {
        _fetchTimes.RemoveAll(fetch => fetch + Minute <= now);
        return _fetchTimes.Count < MaxFetchesPerMinute ? TimeSpan.Zero : _fetchTimes[0] + Minute - now;
    }

    /// <summary>Removes an id in order to fetch it; returns false if the rate does not allow it or the id is gone.</summary>
    internal bool TryBeginFetch(string id, TimeSpan now)
    {
        if (GetFetchDelay(now) > TimeSpan.Zero || !Remove(id)) return false;

        _fetchTimes.Add(now);
        return true;
    }

    /// <summary>Removes the last fetch from the rate, because it found a generation.</summary>
    internal void RemoveLastFetch()
    {
        if (_fetchTimes.Count > 0) _fetchTimes.RemoveAt(_fetchTimes.Count - 1);
    }
}
