namespace FaceGen.Generating;

/// <summary>
/// The places of an account's queue at the service. Who submits takes one first, in the order of asking, and gives it
/// back when the generation has ended. Where the service refuses in spite of a place (somebody else uses the account
/// too), fewer are given for a while.
/// </summary>
internal sealed class Slots
{
    private readonly object _gate = new();
    private readonly LinkedList<TaskCompletionSource<Slot>> _waiters = [];
    private int _limit;
    private bool _isUserLimit;
    private int _effectiveLimit;
    private int _inUse;
    private int _consecutiveAccepted;
    private int _requeued;

    internal Slots(int limit) => _limit = _effectiveLimit = limit;

    /// <summary>
    /// How many the account has; once it is set, the most that somebody wants used. A smaller number takes effect as places
    /// are given back.
    /// </summary>
    internal int Limit
    {
        get
        {
            lock (_gate) return _limit;
        }
        set
        {
            lock (_gate)
            {
                _isUserLimit = true;
                SetLimit(value);
            }
        }
    }

    /// <summary>How many of them are in use for now.</summary>
    internal int EffectiveLimit
    {
        get
        {
            lock (_gate) return _effectiveLimit;
        }
    }

    /// <summary>How many are taken.</summary>
    internal int InUse
    {
        get
        {
            lock (_gate) return _inUse;
        }
    }

    /// <summary>Waits for a place; the caller, or whom it hands the place to, disposes of it.</summary>
    internal Task<Slot> AcquireAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<Slot>(cancellationToken);

        // Continuations run elsewhere, never inside the lock of whoever gives a place back.
        var turn = new TaskCompletionSource<Slot>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiters.AddLast(turn);
            GrantWaiting();
        }

        return turn.Task.IsCompleted ? turn.Task : WaitAsync(turn, cancellationToken);
    }

    private static async Task<Slot> WaitAsync(TaskCompletionSource<Slot> waiter, CancellationToken cancellationToken)
    {
        using (cancellationToken.Register(() => waiter.TrySetCanceled(cancellationToken))) return await waiter.Task.ConfigureAwait(false);
    }

    /// <summary>Takes a place that is filled already, whether one is open here or not.</summary>
    internal Slot AcquireOverLimit()
    {
        lock (_gate) _inUse++;
        return new Slot(this);
    }

    /// <summary>The service has said how many the account has: never more than somebody chose.</summary>
    internal void ApplyServiceLimit(int serviceLimit)
    {
        lock (_gate)
        {
            // What gave way to others comes back as the service accepts, not by its word.
            int open = Math.Min(_effectiveLimit, serviceLimit);
            if (serviceLimit < _limit) (_limit, _effectiveLimit) = (serviceLimit, open);
            else if (serviceLimit > _limit && !_isUserLimit) SetLimit(serviceLimit);
        }
    }

    /// <summary>The service's queue is full although this account's places are not: no more than are filled already.</summary>
    internal void ReduceLimit()
    {
        lock (_gate)
        {
            _consecutiveAccepted = 0;
            _effectiveLimit = Math.Max(1, Math.Min(_effectiveLimit, _inUse - 1));
        }
    }

    /// <summary>
    /// The service has accepted a request; when it has filled all open places so, one more is tried, but not as long as it
    /// has asked others to wait.
    /// </summary>
    internal void RecoverLimit()
    {
        lock (_gate)
        {
            if (_effectiveLimit >= _limit || _requeued > 0 || ++_consecutiveAccepted < _effectiveLimit) return;

            _consecutiveAccepted = 0;
            _effectiveLimit++;
            GrantWaiting();
        }
    }

    private void SetLimit(int limit)
    {
        _limit = _effectiveLimit = Math.Max(1, limit);
        GrantWaiting();
    }

    private bool TryReleaseToRequeue(Slot slot)
    {
        lock (_gate)
        {
            ReduceLimit();
            if (_inUse < 2) return false;

            _requeued++;
            slot.Dispose();
            return true;
        }
    }

    private void EndRequeue()
    {
        lock (_gate) _requeued--;
    }

    private void GrantWaiting()
    {
        while (_inUse < _effectiveLimit && _waiters.First is { } first)
        {
            _waiters.RemoveFirst();
            // One that was cancelled while it waited takes no place.
            if (first.Value.TrySetResult(new Slot(this))) _inUse++;
        }
    }

    private void Release()
    {
        lock (_gate)
        {
            _inUse--;
            GrantWaiting();
        }
    }

    /// <summary>One taken place.</summary>
    internal sealed class Slot(Slots owner) : IDisposable
    {
        private Slots? _owner = owner;

        /// <summary>Gives the place back; a second time does nothing.</summary>
        public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Release();

        /// <summary>
        /// The service's queue is full in spite of the place: it is given back for the wait, so that the next end of another
        /// request fills it, and asked for again after that. The last place that is taken is kept: with nothing at the
        /// service, only the wait tells when to try again.
        /// </summary>
        /// <param name="delay">Waits as long as the service asks.</param>
        /// <param name="cancellationToken">Ends asking for a place.</param>
        /// <returns>The place from then on.</returns>
        internal async Task<Slot> ReleaseAndRequeueAsync(Func<Task> delay, CancellationToken cancellationToken)
        {
            if (_owner is not { } slots || !slots.TryReleaseToRequeue(this))
            {
                await delay().ConfigureAwait(false);
                return this;
            }

            try
            {
                await delay().ConfigureAwait(false);
            }
            finally
            {
                slots.EndRequeue();
            }

            return await slots.AcquireAsync(cancellationToken).ConfigureAwait(false);
        }

        /// <summary>Gives the place back after a time, for which no connection is needed.</summary>
        internal async Task ReleaseAfterAsync(TimeSpan delay, TimeProvider time)
        {
            await time.DelayAsync(delay, CancellationToken.None).ConfigureAwait(false);
            Dispose();
        }
    }
}
