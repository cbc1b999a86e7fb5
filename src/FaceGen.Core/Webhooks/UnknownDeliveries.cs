namespace FaceGen.Webhooks;

/// <summary>
/// The ids of webhook deliveries for generations that this process did not submit, and the polls that they may cause. A sender
/// that knows the webhook's address can send any number of them, so both are limited. The caller holds a lock.
/// </summary>
internal sealed class UnknownDeliveries
{
    /// <summary>How many ids are kept; one more drops the oldest.</summary>
    internal const int MaxIds = 10_000;

    /// <summary>How many polls a minute may find no generation. One that finds a generation does not count.</summary>
    internal const int MaxPollsPerMinute = 60;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly LinkedList<string> _order = [];
    private readonly Dictionary<string, LinkedListNode<string>> _ids = new(StringComparer.Ordinal);

    /// <summary>When polls began, on a clock of elapsed time: those of the last minute, but for those that found a generation.</summary>
    private readonly List<TimeSpan> _pollTimes = [];

    internal int Count => _ids.Count;

    internal void Add(string id)
    {
        if (_ids.ContainsKey(id)) return;

        _ids[id] = _order.AddLast(id);
        if (_ids.Count > MaxIds) Remove(_order.First!.Value);
    }

    /// <summary>Adds an id whose poll had no result: every other one is polled before it.</summary>
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

    /// <summary>The id to poll next: the newest, since a flood that is over must not delay what comes after it. Null where there is none.</summary>
    internal string? Next => _order.Last?.Value;

    /// <summary>How long to wait until a poll may begin; zero where one may now.</summary>
    internal TimeSpan GetPollDelay(TimeSpan now)
    {
        _pollTimes.RemoveAll(poll => poll + Minute <= now);
        return _pollTimes.Count < MaxPollsPerMinute ? TimeSpan.Zero : _pollTimes[0] + Minute - now;
    }

    /// <summary>Takes an id to poll it now.</summary>
    internal bool TryBeginPoll(string id, TimeSpan now)
    {
        if (GetPollDelay(now) > TimeSpan.Zero || !Remove(id)) return false;

        _pollTimes.Add(now);
        return true;
    }

    /// <summary>The last poll has found a generation.</summary>
    internal void RemoveLastPoll()
    {
        if (_pollTimes.Count > 0) _pollTimes.RemoveAt(_pollTimes.Count - 1);
    }
}
