namespace FaceGen.Http;

/// <summary>Keeps calls to so many a minute: one too many waits for its turn.</summary>
/// <param name="requestsPerMinute">How many.</param>
internal sealed class RateLimiter(int requestsPerMinute)
{
    /// <summary>A minute, and what may lie between a call's departures and its arrivals.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(61);

    private readonly Queue<TimeSpan> _sendTimes = new();

    /// <summary>Waits until the next call may be made; one that is given up has had its turn.</summary>
    internal Task AcquireAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        TimeSpan now = time.GetElapsedTime(0);
        TimeSpan departure = now;
        lock (_sendTimes)
        {
            if (_sendTimes.Count == requestsPerMinute && _sendTimes.Dequeue() + Window is var earliest && earliest > now) departure = earliest;
            _sendTimes.Enqueue(departure);
        }

        return departure > now ? time.DelayAsync(departure - now, cancellationToken) : Task.CompletedTask;
    }
}
