using FaceGen.Http;

namespace FaceGen.Generating;

/// <summary>
/// The places of an account's queue at the service. Who submits takes one first, in the order of asking, and gives it
/// back when the generation has ended. Where the service refuses in spite of a place (somebody else uses the account
/// too), fewer are given for a while.
/// </summary>
internal sealed class Slots
{
    private readonly object _gate = new();
    private readonly LinkedList<TaskCompletionSource<Slot>> _waiting = [];
    private int _limit;
    private bool _isChosen;
    private int _open;
    private int _taken;
    private int _acceptedInARow;
    private int _steppedBack;

    internal Slots(int limit) => _limit = _open = limit;

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
                _isChosen = true;
                Change(value);
            }
        }
    }

    /// <summary>How many of them are in use for now.</summary>
    internal int Open
    {
        get
        {
            lock (_gate) return _open;
        }
    }

    /// <summary>How many are taken.</summary>
    internal int Taken
    {
        get
        {
            lock (_gate) return _taken;
        }
    }

    /// <summary>Waits for a place; the caller, or whom it hands the place to, disposes of it.</summary>
    internal Task<Slot> TakeAsync(CancellationToken cancel)
    {
        if (cancel.IsCancellationRequested) return Task.FromCanceled<Slot>(cancel);

        // Continuations run elsewhere, never inside the lock of whoever gives a place back.
        var turn = new TaskCompletionSource<Slot>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.AddLast(turn);
            Grant();
        }

        return turn.Task.IsCompleted ? turn.Task : WaitAsync(turn, cancel);
    }

    private static async Task<Slot> WaitAsync(TaskCompletionSource<Slot> turn, CancellationToken cancel)
    {
        using (cancel.Register(() => turn.TrySetCanceled(cancel))) return await turn.Task.ConfigureAwait(false);
    }

    /// <summary>Takes a place that is filled already, whether one is open here or not.</summary>
    internal Slot TakeNow()
    {
        lock (_gate) _taken++;
        return new Slot(this);
    }

    /// <summary>The service has said how many the account has: never more than somebody chose.</summary>
    internal void Correct(int said)
    {
        lock (_gate)
        {
            // What gave way to others comes back as the service accepts, not by its word.
            int open = Math.Min(_open, said);
            if (said < _limit) (_limit, _open) = (said, open);
            else if (said > _limit && !_isChosen) Change(said);
        }
    }

    /// <summary>The service's queue is full although this account's places are not: no more than are filled already.</summary>
    internal void GiveWay()
    {
        lock (_gate)
        {
            _acceptedInARow = 0;
            _open = Math.Max(1, Math.Min(_open, _taken - 1));
        }
    }

    /// <summary>
    /// The service has accepted a request; when it has filled all open places so, one more is tried, but not as long as it
    /// has asked others to wait.
    /// </summary>
    internal void Recover()
    {
        lock (_gate)
        {
            if (_open >= _limit || _steppedBack > 0 || ++_acceptedInARow < _open) return;

            _acceptedInARow = 0;
            _open++;
            Grant();
        }
    }

    private void Change(int limit)
    {
        _limit = _open = Math.Max(1, limit);
        Grant();
    }

    private bool TryStepBack(Slot slot)
    {
        lock (_gate)
        {
            GiveWay();
            if (_taken < 2) return false;

            _steppedBack++;
            slot.Dispose();
            return true;
        }
    }

    private void ComeBack()
    {
        lock (_gate) _steppedBack--;
    }

    private void Grant()
    {
        while (_taken < _open && _waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            // One that was cancelled while it waited takes no place.
            if (first.Value.TrySetResult(new Slot(this))) _taken++;
        }
    }

    private void GiveBack()
    {
        lock (_gate)
        {
            _taken--;
            Grant();
        }
    }

    /// <summary>One taken place.</summary>
    internal sealed class Slot(Slots owner) : IDisposable
    {
        private Slots? _owner = owner;

        /// <summary>Gives the place back; a second time does nothing.</summary>
        public void Dispose() => Interlocked.Exchange(ref _owner, null)?.GiveBack();

        /// <summary>
        /// The service's queue is full in spite of the place: it is given back for the wait, so that the next end of another
        /// request fills it, and asked for again after that. The last place that is taken is kept: with nothing at the
        /// service, only the wait tells when to try again.
        /// </summary>
        /// <param name="wait">Waits as long as the service asks.</param>
        /// <param name="cancel">Ends asking for a place.</param>
        /// <returns>The place from then on.</returns>
        internal async Task<Slot> StepBackAsync(Func<Task> wait, CancellationToken cancel)
        {
            if (_owner is not { } slots || !slots.TryStepBack(this))
            {
                await wait().ConfigureAwait(false);
                return this;
            }

            try
            {
                await wait().ConfigureAwait(false);
            }
            finally
            {
                slots.ComeBack();
            }

            return await slots.TakeAsync(cancel).ConfigureAwait(false);
        }

        /// <summary>Gives the place back after a time, for which no connection is needed.</summary>
        internal async Task DisposeAfterAsync(TimeSpan wait, TimeProvider time)
        {
            await time.Wait(wait, CancellationToken.None).ConfigureAwait(false);
            Dispose();
        }
    }
}
