using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Generating;

/// <summary>A time that work may take, kept apart from a stop: only the one that came is reported.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _either;
    private readonly CancellationTokenRegistration _whenStopped;
    private readonly CancellationToken _stop;
    private readonly TimeProvider _time;
    private readonly long _start;

    /// <summary>Starts the time.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="length">How long the work may take; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="stop">What stops the work early.</param>
    internal Deadline(TimeProvider time, TimeSpan length, CancellationToken stop)
    {
        Length = length;
        _stop = stop;
        _time = time;
        _start = time.GetTimestamp();
        _either = length == Timeout.InfiniteTimeSpan ? new CancellationTokenSource() : time.Timer(length);
        _whenStopped = stop.Register(_either.Cancel);
    }

    internal TimeSpan Length { get; }

    /// <summary>Cancelled by the stop and by the end of the time alike.</summary>
    internal CancellationToken Token => _either.Token;

    /// <summary>Whether so long a wait still ends in time.</summary>
    internal bool HasTimeFor(TimeSpan wait) =>
        Length == Timeout.InfiniteTimeSpan || _time.GetElapsedTime(_start) + wait < Length;

    /// <summary>Awaits work that follows <see cref="Token"/>; where the time cut it short, throws what is given.</summary>
    internal async Task<T> HoldAsync<T>(Task<T> work, Func<FaceGenException> over)
    {
        try
        {
            return await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_either.IsCancellationRequested && !_stop.IsCancellationRequested)
        {
            throw over();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A stop that runs its callbacks now is not waited for: one of them may block. A canceled source holds no timer.
        if (_stop.IsCancellationRequested) return;

        _whenStopped.Dispose();
        _either.Dispose();
    }
}
