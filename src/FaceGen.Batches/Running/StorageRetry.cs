using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>
/// Retries writes that must not be lost: while the disk is full, or the folder or the ledger is not writable, a write is repeated, and
/// nothing more is submitted.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="log">Receives a warning when a retry begins, and a verbose line when it ends.</param>
/// <param name="destination">The destination folder of the images.</param>
/// <param name="deadlineToken">Is canceled at the time limit of the run, which ends the retries.</param>
internal sealed class StorageRetry(TimeProvider time, IEngineLog log, Destination destination, CancellationToken deadlineToken = default)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly object _gate = new();
    private int _waiting;

    /// <summary>Completes when no write waits.</summary>
    private TaskCompletionSource<bool>? _noneWaiting;

    /// <summary>True if a write waits.</summary>
    internal bool IsWaiting => Volatile.Read(ref _waiting) > 0;

    /// <summary>Repeats a write until it succeeds.</summary>
    /// <exception cref="FaceGenException">The write fails for a reason that concerns only itself.</exception>
    /// <exception cref="OperationCanceledException">The write did not succeed before the end of the run.</exception>
    internal async Task<T> WriteAsync<T>(Func<Task<T>> write, CancellationToken cancellationToken)
    {
        bool isWaiting = false, isWritten = false, wasRetriedAtOnce = false;
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
                        log.LogWarning($"{e.Cause}. Nothing more is submitted, and nothing that was paid for is lost. Retrying in {Interval.TotalSeconds:0} s. When the cause is removed, the run continues.");
                    isWaiting = true;
                    wasRetriedAtOnce = false;
                }
                catch (FaceGenException e) when (e.Code == ErrorCode.FileNotWritten && !wasRetriedAtOnce)
                {
                    // The folder is writable by now, or the error concerns only this file: the next attempt shows which.
                    wasRetriedAtOnce = true;
                    continue;
                }

                await WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (isWaiting && EndWait() && isWritten) log.LogVerbose("The write succeeded. Submissions continue.");
        }
    }

    /// <summary>Waits until no write waits.</summary>
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

    /// <summary>Waits for the next attempt; the last one is made at the time limit.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var linkedSource = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadlineToken);
        await Task.WhenAny(time.DelayAsync(Interval, linkedSource.Token)).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Adds a waiting write; returns true if it is the only one.</summary>
    private bool BeginWait()
    {
        lock (_gate)
        {
            _noneWaiting ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            return ++_waiting == 1;
        }
    }

    /// <summary>Removes a waiting write; returns true if none is left.</summary>
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
