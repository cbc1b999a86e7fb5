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
    private int _open;
    private int _taken;
    private int _acceptedInARow;

    internal Slots(int limit) => _limit = _open = limit;

    /// <summary>How many the account has. A smaller number takes effect as places are given back.</summary>
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
                _limit = _open = Math.Max(1, value);
                Grant();
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
    internal async Task<Slot> TakeAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        // Continuations run elsewhere, never inside the lock of whoever gives a place back.
        var turn = new TaskCompletionSource<Slot>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.AddLast(turn);
            Grant();
        }

        using (cancel.Register(() => turn.TrySetCanceled(cancel))) return await turn.Task.ConfigureAwait(false);
    }

    /// <summary>Takes a place that is filled already, whether one is open here or not.</summary>
    internal Slot TakeNow()
    {
        lock (_gate) _taken++;
        return new Slot(this);
    }

    /// <summary>The service's queue is full although this account's places are not: one fewer than are taken now.</summary>
    internal void GiveWay()
    {
        lock (_gate)
        {
            _acceptedInARow = 0;
            _open = Math.Max(1, Math.Min(_open, _taken) - 1);
        }
    }

    /// <summary>The service has accepted a request; when it has filled all open places so, one more is tried.</summary>
    internal void Recover()
    {
        lock (_gate)
        {
            if (_open >= _limit || ++_acceptedInARow < _open) return;

            _acceptedInARow = 0;
            _open++;
            Grant();
        }
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

        /// <summary>Gives the place back after a time, for which no connection is needed.</summary>
        internal async Task DisposeAfterAsync(TimeSpan wait, TimeProvider time)
        {
            await time.Wait(wait, CancellationToken.None).ConfigureAwait(false);
            Dispose();
        }
    }
}
