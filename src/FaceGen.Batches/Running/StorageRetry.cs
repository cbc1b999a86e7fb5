using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>
/// Writes that must succeed in the end: where the disk is full, the folder cannot be written, or the ledger cannot be written
/// for any reason, they are tried again until they can, and meanwhile nothing more is submitted.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="log">Receives a warning when a wait begins, and a line when it ends.</param>
/// <param name="destination">The folder that images are saved to.</param>
/// <param name="deadlineToken">Canceled when the run's time is over: what cannot be written then is not waited for.</param>
internal sealed class StorageRetry(TimeProvider time, IEngineLog log, Destination destination, CancellationToken deadlineToken = default)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly object _gate = new();
    private int _waiting;

    /// <summary>Ended when no write waits.</summary>
    private TaskCompletionSource<bool>? _noneWaiting;

    /// <summary>Whether a write waits for room.</summary>
    internal bool IsWaiting => Volatile.Read(ref _waiting) > 0;

    /// <summary>Writes, and writes again until there is room.</summary>
    /// <exception cref="FaceGenException">It cannot be written for a reason of its own.</exception>
    /// <exception cref="OperationCanceledException">It could not be written before the run was over.</exception>
    internal async Task<T> WriteAsync<T>(Func<Task<T>> write, CancellationToken cancellationToken)
    {
        bool isWaiting = false, isWritten = false, wasOk = false;
        try
        {
            while (true)
            {
                try
                {
                    T result = await write().ConfigureAwait(false);
                    isWritten = true;
                    return result;
                }
                catch (FaceGenException e) when (AffectsAllRows(e))
                {
                    if (deadlineToken.IsCancellationRequested) throw new OperationCanceledException(e.Message, e, deadlineToken);

                    if (!isWaiting && BeginWait())
                        log.LogWarning($"{e.Message.TrimEnd('.')}. Nothing more is submitted until it can be written; what was paid for is kept, and it is tried again every {Interval.TotalSeconds:0} seconds.");
                    isWaiting = true;
                    wasOk = false;
                }
                catch (FaceGenException e) when (e.Code == ErrorCode.FileNotWritten && !wasOk)
                {
                    // The folder can be written by now, or the fault is the file's own: the next try shows which.
                    wasOk = true;
                    continue;
                }

                await WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (isWaiting && EndWait() && isWritten) log.LogVerbose("It could be written again.");
        }
    }

    /// <summary>Waits until no write waits any more.</summary>
    internal async Task WaitUntilWritableAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task none;
            lock (_gate) none = _noneWaiting?.Task ?? Task.CompletedTask;
            if (none.IsCompleted) return;

            var canceled = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            using (cancellationToken.Register(() => canceled.TrySetResult(true))) await Task.WhenAny(none, canceled.Task).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Waits for the next try; the last one is made when the run is over.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadlineToken);
        await Task.WhenAny(time.DelayAsync(Interval, either.Token)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>One more write waits; true if it is the only one.</summary>
    private bool BeginWait()
    {
        lock (_gate)
        {
            _noneWaiting ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            return ++_waiting == 1;
        }
    }

    /// <summary>One write less waits; true if none is left.</summary>
    private bool EndWait()
    {
        lock (_gate)
        {
            if (--_waiting > 0) return false;

            _noneWaiting!.TrySetResult(true);
            _noneWaiting = null;
            return true;
        }
    }

    private bool AffectsAllRows(FaceGenException e) => e.Code == ErrorCode.LedgerNotWritten || destination.IsFolderFault(e);
}
