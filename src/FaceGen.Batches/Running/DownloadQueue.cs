namespace FaceGen.Batches.Running;

/// <summary>Limits the number of concurrent downloads, and starts the waiting one whose link expires first.</summary>
internal sealed class DownloadQueue(int limit)
{
    private readonly List<(DateTimeOffset? Expiry, TaskCompletionSource<bool> Turn)> _waiting = [];
    private int _free = limit;

    /// <summary>Gets the nearest expiry of the waiting downloads.</summary>
    internal DateTimeOffset? NearestExpiry
    {
        get
        {
            lock (_waiting) return _waiting.Min(waiting => waiting.Expiry);
        }
    }

    /// <summary>Waits until a download may start; <see cref="Release"/> must follow.</summary>
    internal async Task AcquireAsync(DateTimeOffset? expiry, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var turn = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_waiting)
        {
            if (_free > 0)
            {
                _free--;
                return;
            }

            _waiting.Add((expiry, turn));
        }

        using (cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken))) await turn.Task.ConfigureAwait(false);
    }

    internal void Release()
    {
        lock (_waiting)
        {
            while (_waiting.Count > 0)
            {
                int next = _waiting.IndexOf(_waiting.OrderBy(waiting => waiting.Expiry ?? DateTimeOffset.MaxValue).First());
                TaskCompletionSource<bool> turn = _waiting[next].Turn;
                _waiting.RemoveAt(next);
                // False for a wait that was canceled.
                if (turn.TrySetResult(true)) return;
            }

            _free++;
        }
    }
}
