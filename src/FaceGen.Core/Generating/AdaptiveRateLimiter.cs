namespace FaceGen.Generating;

/// <summary>
/// Spaces the submissions of an account, or its uploads, whose rate the service limits with bare 429s (Q45;
/// docs/architecture.md#rate-of-submissions). The interval is zero until the service refuses a call; then it grows with each refusal,
/// and shrinks while the service accepts.
/// </summary>
internal sealed class AdaptiveRateLimiter
{
    /// <summary>The factors of the interval after a refusal, and after consecutive accepted submissions.</summary>
    private const double Growth = 1.5, Shrinkage = 0.8;

    /// <summary>The number of consecutive accepted submissions after which a shorter interval is tried: at first, and at most.</summary>
    private const int MinAccepted = 10, MaxAccepted = 160;

    /// <summary>The interval after the first refusal, for the rate that public clients report, and the shortest interval.</summary>
    private static readonly TimeSpan FirstInterval = TimeSpan.FromSeconds(2.2), MinInterval = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest interval: a refusal in spite of it is about the queue.</summary>
    private static readonly TimeSpan MaxInterval = TimeSpan.FromSeconds(6);

    private readonly object _gate = new();
    private readonly Slots _turns = new(1);
    private TimeSpan _interval;
    private TimeSpan? _lastSent;
    private int _version;
    private bool _hasShrunk;
    private int _accepted;
    private int _acceptedToShrink = MinAccepted;

    /// <summary>Gets the time between two submissions; zero while the service has not limited the rate.</summary>
    internal TimeSpan Interval
    {
        get
        {
            lock (_gate) return _interval;
        }
    }

    /// <summary>Gets a number that changes with the interval: it shows with which one a submission was sent.</summary>
    internal int Version => Volatile.Read(ref _version);

    /// <summary>Waits until the next submission is due, in the order of the calls.</summary>
    internal async Task WaitAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        if (Interval == TimeSpan.Zero && TrySend(time) == TimeSpan.Zero) return;

        using Slots.Slot turn = await _turns.AcquireAsync(cancellationToken).ConfigureAwait(false);
        // The interval can grow meanwhile.
        while (TrySend(time) is var delay && delay > TimeSpan.Zero) await time.DelayAsync(delay, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds a bare refusal. Those of submissions that were sent with the same interval count once.</summary>
    /// <param name="version">The <see cref="Version"/> when the submission was sent.</param>
    /// <returns>True if the submission is to be sent again at the new interval; false if its refusal is about the queue.</returns>
    internal bool TryAddRefusal(int version)
    {
        lock (_gate)
        {
            if (version != _version) return _interval > TimeSpan.Zero;

            // After a trial, the interval that was sufficient before it; the next trial comes later.
            TimeSpan next = _interval == TimeSpan.Zero ? FirstInterval : Multiply(_interval, _hasShrunk ? 1 / Shrinkage : Growth);
            if (_hasShrunk) _acceptedToShrink = Math.Min(MaxAccepted, 2 * _acceptedToShrink);
            SetInterval(next > MaxInterval ? TimeSpan.Zero : next, hasShrunk: false);
            return _interval > TimeSpan.Zero;
        }
    }

    /// <summary>Adds an accepted submission.</summary>
    internal void AddAccepted()
    {
        lock (_gate)
        {
            if (_interval == TimeSpan.Zero || ++_accepted < _acceptedToShrink) return;

            TimeSpan next = Multiply(_interval, Shrinkage);
            SetInterval(next < MinInterval ? TimeSpan.Zero : next, hasShrunk: true);
        }
    }

    private static TimeSpan Multiply(TimeSpan interval, double factor) => TimeSpan.FromTicks((long)(interval.Ticks * factor));

    /// <summary>Returns the delay until the next submission is due; zero if it may be sent now, which is recorded.</summary>
    private TimeSpan TrySend(TimeProvider time)
    {
        TimeSpan now = time.GetElapsedTime(0);
        lock (_gate)
        {
            if (_lastSent + _interval is { } due && due > now) return due - now;

            _lastSent = now;
            return TimeSpan.Zero;
        }
    }

    private void SetInterval(TimeSpan interval, bool hasShrunk)
    {
        (_interval, _hasShrunk, _accepted) = (interval, hasShrunk, 0);
        Interlocked.Increment(ref _version);
    }
}
