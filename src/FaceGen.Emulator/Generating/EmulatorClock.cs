namespace FaceGen.Emulator.Generating;

/// <summary>
/// The emulator's clock: another provider's time, which can be advanced. Service times and the 24 hours of links use
/// it. Timers created from it use the other provider and do not notice an advance.
/// </summary>
public sealed class EmulatorClock : TimeProvider
{
    /// <summary>The longest delay that system timers accept.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromDays(30);

    private readonly TimeProvider _source;
    private long _offsetTicks;
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal EmulatorClock(TimeProvider source) => _source = source;

    /// <summary>Gets the total time that the clock was advanced by.</summary>
    public TimeSpan Offset => TimeSpan.FromTicks(Interlocked.Read(ref _offsetTicks));

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => _source.LocalTimeZone;

    /// <inheritdoc/>
    public override long TimestampFrequency => _source.TimestampFrequency;

    /// <summary>Advances the clock.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative.</exception>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        Interlocked.Add(ref _offsetTicks, time.Ticks);
        var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _moved, next).SetResult();
    }

    /// <summary>Waits until this clock reaches a time; an advance is noticed.</summary>
    /// <exception cref="OperationCanceledException">The wait was canceled.</exception>
    internal async Task WaitUntilAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Read before the clock, so that an advance in between ends the wait.
            Task moved = Volatile.Read(ref _moved).Task;
            TimeSpan remaining = time - GetUtcNow();
            if (remaining <= TimeSpan.Zero)
                return;

            using var delayToken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task delay = Task.Delay(remaining < MaxDelay ? remaining : MaxDelay, _source, delayToken.Token);
            await Task.WhenAny(delay, moved).ConfigureAwait(false);
            await delayToken.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _source.GetUtcNow() + Offset;

    /// <inheritdoc/>
    public override long GetTimestamp() =>
        _source.GetTimestamp() + (long)(Offset.TotalSeconds * _source.TimestampFrequency);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _source.CreateTimer(callback, state, dueTime, period);
}
