using Microsoft.Extensions.Time.Testing;

namespace FaceGen.Core.Tests.Support;

/// <summary>A clock that a test moves, and that knows its timers.</summary>
internal sealed class TestClock() : FakeTimeProvider(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero))
{
    /// <summary>The real time that slow work gets before a timeout elapses.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly HashSet<Timer> _timers = [];
    private TaskCompletionSource _changed = NewSignal();
    private int _held;

    /// <summary>Gets or sets by how much the clock is fast; timers do not depend on it.</summary>
    internal TimeSpan Error { get; set; }

    private DateTimeOffset ElapsedNow => base.GetUtcNow();

    public override DateTimeOffset GetUtcNow() => ElapsedNow + Error;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        // Task.Delay waits with a timer whose state is the task; a cancellation source is its own state.
        var timer = new Timer(this, isWait: state is Task);
        timer.Start(base.CreateTimer(_ =>
        {
            timer.Forget();
            callback(state);
        }, null, dueTime, period), dueTime);
        return timer;
    }

    /// <summary>
    /// Moves the clock from timer to timer until a task has ended. Without a delay the clock stands, because work is in
    /// progress, which a timeout must not overtake only because the machine is slow. If a loop delays beside such work, the
    /// clock stands for a while before each timeout.
    /// </summary>
    internal Task<T> RunAsync<T>(Task<T> task) => Task.Run(async () =>
    {
        while (!task.IsCompleted)
        {
            Task changed = Changed();
            if (NextDue() is not { } due) await TaskAssertions.WithTimeoutAsync(Task.WhenAny(task, changed));
            else if (due > ElapsedNow && UseGrace(due) is { } gone) await Task.WhenAny(task, gone, Task.Delay(Grace));
            else if (due > ElapsedNow) SetUtcNow(due);
            else await TaskAssertions.WithTimeoutAsync(Task.WhenAny(task, changed));
        }

        return await task;
    });

    /// <summary>Keeps <see cref="RunAsync"/> from moving the clock while real work is done, such as that of a disk.</summary>
    internal async Task<T> HoldAsync<T>(Func<Task<T>> work)
    {
        Note(() => _held++);
        try
        {
            return await work();
        }
        finally
        {
            Note(() => _held--);
        }
    }

    /// <summary>Moves the clock, on a thread where continuations run at once.</summary>
    internal Task AdvanceAsync(TimeSpan time) => Task.Run(() => Advance(time));

    private DateTimeOffset? NextDue()
    {
        lock (_gate) return _held == 0 && _timers.Any(timer => timer.IsWait) ? _timers.Min(timer => timer.Due) : null;
    }

    /// <summary>Starts the grace period of a timeout that is due; null if there is none, or its grace period is over.</summary>
    /// <returns>A task that ends when the timeout is stopped or changed.</returns>
    private Task? UseGrace(DateTimeOffset due)
    {
        lock (_gate) return _timers.FirstOrDefault(timer => !timer.IsWait && timer.Due == due && !timer.HadGrace)?.BeginGrace();
    }

    private Task Changed()
    {
        lock (_gate) return _changed.Task;
    }

    private void Note(Action change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            change();
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Timer(TestClock clock, bool isWait) : ITimer
    {
        private ITimer? _inner;
        private TaskCompletionSource? _gone;

        internal bool HadGrace => _gone is not null;

        internal bool IsWait { get; } = isWait;

        internal DateTimeOffset Due { get; private set; }

        internal void Start(ITimer inner, TimeSpan dueTime)
        {
            _inner = inner;
            Track(dueTime);
        }

        internal Task BeginGrace() => (_gone = NewSignal()).Task;

        internal void Forget() => clock.Note(Remove);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Track(dueTime);
            return _inner!.Change(dueTime, period);
        }

        public void Dispose()
        {
            Forget();
            _inner!.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Track(TimeSpan dueTime) => clock.Note(() =>
        {
            Remove();
            if (dueTime <= TimeSpan.Zero) return;

            Due = clock.ElapsedNow + dueTime;
            clock._timers.Add(this);
        });

        private void Remove()
        {
            clock._timers.Remove(this);
            _gone?.TrySetResult();
            _gone = null;
        }
    }
}
