namespace FaceGen.Http;

/// <summary>Limits requests to a number per minute.</summary>
/// <param name="requestsPerMinute">The maximum number of requests per minute.</param>
internal sealed class RateLimiter(int requestsPerMinute)
{
    /// <summary>A minute and one second, for different delays between sending and arrival.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(61);

    private readonly Queue<TimeSpan> _sendTimes = new();

    /// <summary>Waits until the next request is allowed. A canceled wait counts as a request.</summary>
    internal Task AcquireAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        TimeSpan now = time.GetElapsedTime(0);
        TimeSpan sendTime = now;
        lock (_sendTimes)
        {
            if (_sendTimes.Count == requestsPerMinute && _sendTimes.Dequeue() + Window is var earliest && earliest > now) sendTime = earliest;
            _sendTimes.Enqueue(sendTime);
        }

        return sendTime > now ? time.DelayAsync(sendTime - now, cancellationToken) : Task.CompletedTask;
    }
}
