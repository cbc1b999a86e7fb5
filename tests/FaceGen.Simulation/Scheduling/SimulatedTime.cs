namespace FaceGen.Simulation.Scheduling;

/// <summary>
/// Provides the time of one simulated process: elapsed time passes only when the scheduler lets it, and the clock can be wrong.
/// </summary>
/// <param name="elapsed">Gets how much time has passed since the beginning of the history.</param>
/// <param name="begin">The true time at the beginning.</param>
internal sealed class SimulatedTime(Func<TimeSpan> elapsed, DateTimeOffset begin) : TimeProvider
{
    private readonly List<Timer> _timers = [];

    /// <summary>Gets or sets how wrong the clock is.</summary>
    internal TimeSpan Error { get; set; }

    /// <summary>Gets the elapsed time at which the next timer is due; null without one.</summary>
    internal TimeSpan? NextDue
    {
        get
        {
            lock (_timers) return _timers.Count == 0 ? null : _timers.Min(timer => timer.Due);
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => begin + elapsed() + Error;

    public override long GetTimestamp() => elapsed().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Runs the callbacks of the timers that are due.</summary>
    internal void RunDue()
    {
        while (true)
        {
            Timer? due;
            lock (_timers)
            {
                due = _timers.Where(timer => timer.Due <= elapsed()).MinBy(timer => timer.Due);
                if (due is null) return;

                _timers.Remove(due);
            }

            due.Run();
        }
    }

    private sealed class Timer(SimulatedTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        internal TimeSpan Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            lock (time._timers)
            {
                time._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;

                Due = time.Elapsed + dueTime;
                time._timers.Add(this);
            }

            return true;
        }

        public void Dispose()
        {
            lock (time._timers) time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        internal void Run()
        {
            if (_period > TimeSpan.Zero) Change(_period, _period);
            callback(state);
        }
    }

    private TimeSpan Elapsed => elapsed();
}
