namespace FaceGen.Http;

/// <summary>Keeps calls to so many a minute: one too many waits for its turn.</summary>
/// <param name="calls">How many.</param>
internal sealed class CallRate(int calls)
{
    /// <summary>A minute, and what may lie between a call's departures and its arrivals.</summary>
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(61);

    private readonly Queue<TimeSpan> _departures = new();

    /// <summary>Waits until the next call may be made; one that is given up has had its turn.</summary>
    internal Task TakeAsync(TimeProvider time, CancellationToken cancel)
    {
        TimeSpan now = time.GetElapsedTime(0);
        TimeSpan departure = now;
        lock (_departures)
        {
            if (_departures.Count == calls && _departures.Dequeue() + Span is var earliest && earliest > now) departure = earliest;
            _departures.Enqueue(departure);
        }

        return departure > now ? time.Wait(departure - now, cancel) : Task.CompletedTask;
    }
}
