namespace FaceGen.Generating;

/// <summary>A timeout for work that a stop can cancel too; <see cref="EnforceAsync{T}"/> distinguishes the two.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _stopRegistration;
    private readonly CancellationToken _stopToken;
    private readonly TimeProvider _time;
    private readonly long _start;

    /// <summary>Starts the timeout.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="duration">How long the work may take; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="stopToken">Cancels the work early.</param>
    internal Deadline(TimeProvider time, TimeSpan duration, CancellationToken stopToken)
    {
        Duration = duration;
        _stopToken = stopToken;
        _time = time;
        _start = time.GetTimestamp();
        _source = duration == Timeout.InfiniteTimeSpan ? new CancellationTokenSource() : time.CreateTimeoutSource(duration);
        _stopRegistration = stopToken.Register(_source.Cancel);
    }

    /// <summary>Gets how long the work may take.</summary>
    internal TimeSpan Duration { get; }

    /// <summary>Gets the token that the stop and the timeout cancel.</summary>
    internal CancellationToken Token => _source.Token;

    /// <summary>True if a delay ends before the timeout.</summary>
    internal bool HasTimeFor(TimeSpan delay) =>
        Duration == Timeout.InfiniteTimeSpan || _time.GetElapsedTime(_start) + delay < Duration;

    /// <summary>Awaits work that <see cref="Token"/> cancels; if the timeout canceled it, throws an error instead.</summary>
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
        // Dispose would wait for the callbacks of a stop in progress, which may block. A canceled source holds no timer.
        if (_stopToken.IsCancellationRequested) return;

        _stopRegistration.Dispose();
        _source.Dispose();
    }
}
