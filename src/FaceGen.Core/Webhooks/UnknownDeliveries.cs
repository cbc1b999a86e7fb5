namespace FaceGen.Webhooks;

/// <summary>
/// Holds the ids of webhook deliveries for generations that this process did not submit. A sender that knows the webhook's address can
/// send any number of them, so the ids and their polls are limited. The caller holds a lock.
/// </summary>
internal sealed class UnknownDeliveries
{
    /// <summary>The maximum number of ids; another one replaces the oldest.</summary>
    internal const int MaxIds = 10_000;

    /// <summary>The maximum number of polls per minute that find no generation.</summary>
    internal const int MaxPollsPerMinute = 60;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly LinkedList<string> _order = [];
    private readonly Dictionary<string, LinkedListNode<string>> _ids = new(StringComparer.Ordinal);

    /// <summary>The elapsed times at which the polls of the last minute started, without those that found a generation.</summary>
    private readonly List<TimeSpan> _pollTimes = [];

    internal int Count => _ids.Count;

    internal void Add(string id)
    {
        if (_ids.ContainsKey(id)) return;

        _ids[id] = _order.AddLast(id);
        if (_ids.Count > MaxIds) Remove(_order.First!.Value);
    }

    /// <summary>Adds an id whose poll had no result; all others are polled before it.</summary>
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

    /// <summary>Gets the next id to poll, which is the newest, so that an earlier flood does not delay it; null if there is none.</summary>
    internal string? Next => _order.Last?.Value;

    /// <summary>Returns the delay before the next poll; zero if it is allowed now.</summary>
    internal TimeSpan GetPollDelay(TimeSpan now)
    {
        _pollTimes.RemoveAll(poll => poll + Minute <= now);
        return _pollTimes.Count < MaxPollsPerMinute ? TimeSpan.Zero : _pollTimes[0] + Minute - now;
    }

    /// <summary>Removes an id in order to poll it; returns false if the rate does not allow it or the id is gone.</summary>
    internal bool TryBeginPoll(string id, TimeSpan now)
    {
        if (GetPollDelay(now) > TimeSpan.Zero || !Remove(id)) return false;

        _pollTimes.Add(now);
        return true;
    }

    /// <summary>Removes the last poll from the rate, because it found a generation.</summary>
    internal void RemoveLastPoll()
    {
        if (_pollTimes.Count > 0) _pollTimes.RemoveAt(_pollTimes.Count - 1);
    }
}
