namespace FaceGen.Emulator.Generating;

/// <summary>
/// The emulator's time: that of another provider, moved forward as often as wanted. Service times and the 24 hours that
/// links live run on it. Timers made from it run on the other provider's time and do not notice a move.
/// </summary>
public sealed class EmulatorClock : TimeProvider
{
    /// <summary>The system's timers take no longer ones.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromDays(30);

    private readonly TimeProvider _source;
    private long _offsetTicks;
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal EmulatorClock(TimeProvider source) => _source = source;

    /// <summary>How far the clock has been moved forward in all.</summary>
    public TimeSpan Offset => TimeSpan.FromTicks(Interlocked.Read(ref _offsetTicks));

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => _source.LocalTimeZone;

    /// <inheritdoc/>
    public override long TimestampFrequency => _source.TimestampFrequency;

    /// <summary>Moves the clock forward.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative.</exception>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        Interlocked.Add(ref _offsetTicks, time.Ticks);
        var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _moved, next).SetResult();
    }

    /// <summary>Waits for a moment of this clock, and notices when it is moved.</summary>
    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    internal async Task WaitUntilAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Taken before the clock is read: a move in between ends the wait.
            Task moved = Volatile.Read(ref _moved).Task;
            TimeSpan left = time - GetUtcNow();
            if (left <= TimeSpan.Zero)
                return;

            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task passed = Task.Delay(left < MaxDelay ? left : MaxDelay, _source, enough.Token);
            await Task.WhenAny(passed, moved).ConfigureAwait(false);
            await enough.CancelAsync().ConfigureAwait(false);
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
