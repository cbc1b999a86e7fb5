namespace FaceGen.Generating;

/// <summary>
/// The places of an account's queue at the service. Who submits takes one first, in the order of asking, and gives it
/// back when the generation has ended.
/// </summary>
internal sealed class Slots
{
    private readonly object _gate = new();
    private readonly LinkedList<TaskCompletionSource<Slot>> _waiting = [];
    private int _limit;
    private int _taken;

    internal Slots(int limit) => _limit = limit;

    /// <summary>How many may be taken at a time. A smaller limit takes effect as places are given back.</summary>
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
                _limit = Math.Max(1, value);
                Grant();
            }
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

    private void Grant()
    {
        while (_taken < _limit && _waiting.First is { } first)
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
    }
}
