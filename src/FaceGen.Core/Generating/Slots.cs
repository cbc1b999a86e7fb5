namespace FaceGen.Generating;

/// <summary>
/// The slots of an account's queue at the service. A submission acquires a slot first, in the order of the requests for one. If the
/// service refuses a submission that has a slot, because the account is used elsewhere too, fewer slots are granted for a while. The
/// same class limits the rows of a run (its throttle) and concurrent uploads.
/// </summary>
/// <remarks>
/// A slot is released (<see cref="Slot.Release"/>) by <see cref="PendingGeneration"/> when its generation ends, and by
/// <see cref="Submission"/> if nothing was accepted; after an uncertain submission, later (<see cref="Account.ReleaseLaterAsync"/>). The
/// slots of a batch's rows are counted in its ledger instead (DatabaseLedger.ClaimPendingAsync).
/// </remarks>
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
    /// Gets the number of slots of the account; sets the largest number that the user wants to be used. A smaller number
    /// takes effect as slots are released.
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

    /// <summary>Gets how many slots are granted at present: fewer than the limit after the service reported a full queue.</summary>
    internal int EffectiveLimit
    {
        get
        {
            lock (_gate) return _effectiveLimit;
        }
    }

    /// <summary>Gets the number of acquired slots.</summary>
    internal int InUse
    {
        get
        {
            lock (_gate) return _inUse;
        }
    }

    /// <summary>Acquires a slot, as soon as one is free. <see cref="Slot.Release"/> releases it.</summary>
    internal Task<Slot> AcquireAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<Slot>(cancellationToken);

        // Continuations run on another thread, never inside the lock of the thread that releases a slot.
        var waiter = new TaskCompletionSource<Slot>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiters.AddLast(waiter);
            GrantWaiting();
        }

        return waiter.Task.IsCompleted ? waiter.Task : WaitAsync(waiter, cancellationToken);
    }

    /// <summary>Acquires a slot if one is free and nothing waits for it; otherwise null.</summary>
    internal Slot? TryAcquire()
    {
        lock (_gate)
        {
            if (_waiters.Count > 0 || _inUse >= _effectiveLimit) return null;

            _inUse++;
            return new Slot(this);
        }
    }

    private static async Task<Slot> WaitAsync(TaskCompletionSource<Slot> waiter, CancellationToken cancellationToken)
    {
        using (cancellationToken.Register(() => waiter.TrySetCanceled(cancellationToken))) return await waiter.Task.ConfigureAwait(false);
    }

    /// <summary>Acquires a slot, even if none is free, for a generation that occupies one at the service already.</summary>
    internal Slot AcquireOverLimit()
    {
        lock (_gate) _inUse++;
        return new Slot(this);
    }

    /// <summary>Sets the limit that the service reported, but not above the limit that the user set.</summary>
    internal void ApplyServiceLimit(int serviceLimit)
    {
        lock (_gate)
        {
            // A reduced limit recovers as the service accepts requests (RecoverLimit), not by its report.
            if (serviceLimit < _limit) (_limit, _effectiveLimit) = (serviceLimit, Math.Min(_effectiveLimit, serviceLimit));
            else if (serviceLimit > _limit && !_isUserLimit) SetLimit(serviceLimit);
        }
    }

    /// <summary>Reduces the effective limit to the slots in use: the service's queue is full although slots are free here.</summary>
    internal void ReduceLimit()
    {
        lock (_gate)
        {
            _consecutiveAccepted = 0;
            _effectiveLimit = Math.Max(1, Math.Min(_effectiveLimit, _inUse - 1));
        }
    }

    /// <summary>
    /// Raises a reduced limit by one after the service has accepted as many consecutive requests as there are slots, unless other
    /// requests are waiting because it asked them to.
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
            slot.Release();
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
            // A canceled waiter acquires nothing.
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

    /// <summary>One acquired slot.</summary>
    internal sealed class Slot(Slots owner) : IDisposable
    {
        private Slots? _owner = owner;

        /// <summary>Releases the slot; a second call does nothing.</summary>
        internal void Release() => Interlocked.Exchange(ref _owner, null)?.Release();

        /// <inheritdoc cref="Release"/>
        public void Dispose() => Release();

        /// <summary>
        /// Releases the slot while the service's queue is full, and acquires one again after a delay. The last slot in use is
        /// kept: with no generation at the service, only the delay shows when to try again.
        /// </summary>
        /// <param name="delay">Waits as long as the service asks.</param>
        /// <param name="cancellationToken">Cancels acquiring.</param>
        /// <returns>The slot to use from then on.</returns>
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

        /// <summary>Releases the slot after a delay, even if the connection is disconnected meanwhile.</summary>
        internal async Task ReleaseAfterAsync(TimeSpan delay, TimeProvider time)
        {
            await time.DelayAsync(delay, CancellationToken.None).ConfigureAwait(false);
            Release();
        }
    }
}
