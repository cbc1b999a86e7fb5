namespace FaceGen.Emulator.Generating;

/// <summary>
/// The emulator's time: that of another provider, moved forward as often as wanted. Service times and the 24 hours that
/// links live run on it. Timers made from it run on the other provider's time and do not notice a move.
/// </summary>
public sealed class EmulatorClock : TimeProvider
{
    private readonly TimeProvider _source;
    private long _offsetTicks;

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
