namespace FaceGen.Generating;

/// <summary>
/// Spaces the submissions of equal requests, which some accounts refuse within 30 seconds as spam (Q40). It has no effect until the
/// service has refused one.
/// </summary>
internal sealed class DuplicateRequestLimiter
{
    private readonly object _gate = new();

    /// <summary>When each request was last sent, or refused as a repetition, within the interval.</summary>
    private readonly Dictionary<string, TimeSpan> _sentAt = new(StringComparer.Ordinal);

    private TimeSpan _interval;

    /// <summary>True once the service has refused a request because it equals an earlier one.</summary>
    internal bool IsActive
    {
        get
        {
            lock (_gate) return _interval > TimeSpan.Zero;
        }
    }

    /// <summary>Adds a refusal.</summary>
    /// <param name="request">Identifies the request.</param>
    /// <param name="now">The elapsed time.</param>
    /// <param name="interval">The delay that the service asked for.</param>
    internal void AddRefusal(string request, TimeSpan now, TimeSpan interval)
    {
        lock (_gate)
        {
            if (interval > _interval) _interval = interval;
            _sentAt[request] = now;
        }
    }

    /// <summary>Removes a request that was refused for another reason: it does not delay its own retry.</summary>
    internal void Remove(string request)
    {
        lock (_gate) _sentAt.Remove(request);
    }

    /// <summary>Returns how long a request must wait; zero if it may be sent now, which is recorded.</summary>
    /// <param name="request">Identifies the request.</param>
    /// <param name="now">The elapsed time.</param>
    internal TimeSpan TrySend(string request, TimeSpan now)
    {
        lock (_gate)
        {
            foreach (string old in _sentAt.Where(sent => now - sent.Value >= _interval).Select(sent => sent.Key).ToArray()) _sentAt.Remove(old);
            if (_sentAt.TryGetValue(request, out TimeSpan sentAt)) return sentAt + _interval - now;

            _sentAt.Add(request, now);
            return TimeSpan.Zero;
        }
    }
}
