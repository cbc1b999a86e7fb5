namespace FaceGen.Generating;

/// <summary>A time that work may take, kept apart from a stop: only the one that came is reported.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _stopRegistration;
    private readonly CancellationToken _stopToken;
    private readonly TimeProvider _time;
    private readonly long _start;

    /// <summary>Starts the time.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="duration">How long the work may take; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="stopToken">What stops the work early.</param>
    internal Deadline(TimeProvider time, TimeSpan duration, CancellationToken stopToken)
    {
        Duration = duration;
        _stopToken = stopToken;
        _time = time;
        _start = time.GetTimestamp();
        _source = duration == Timeout.InfiniteTimeSpan ? new CancellationTokenSource() : time.CreateTimeoutSource(duration);
        _stopRegistration = stopToken.Register(_source.Cancel);
    }

    internal TimeSpan Duration { get; }

    /// <summary>Cancelled by the stop and by the end of the time alike.</summary>
    internal CancellationToken Token => _source.Token;

    /// <summary>Whether so long a wait still ends in time.</summary>
    internal bool HasTimeFor(TimeSpan delay) =>
        Duration == Timeout.InfiniteTimeSpan || _time.GetElapsedTime(_start) + delay < Duration;

    /// <summary>Awaits work that follows <see cref="Token"/>; where the time cut it short, throws what is given.</summary>
    internal async Task<T> EnforceAsync<T>(Task<T> work, Func<FaceGenException> createTimeoutError)
    {
        try
        {
            return await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_source.IsCancellationRequested && !_stopToken.IsCancellationRequested)
        {
            throw createTimeoutError();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A stop that runs its callbacks now is not waited for: one of them may block. A canceled source holds no timer.
        if (_stopToken.IsCancellationRequested) return;

        _stopRegistration.Dispose();
        _source.Dispose();
    }
}
