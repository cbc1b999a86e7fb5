using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>
/// Runs a batch: first the rows in progress of earlier runs, then the pending ones, as many at a time as the account's queue and the
/// ledger's other workers allow.
/// </summary>
internal sealed class BatchRun : IDisposable
{
    /// <summary>The maximum number of rows that hold no slot of the account and are not saved yet, which bounds memory.</summary>
    private const int MaxUnsavedRows = 64;

    /// <summary>The maximum number of rows of one claim: if the process is killed before they are sent, they are uncertain.</summary>
    private const int MaxRowsPerClaim = 16;

    /// <summary>How often the rows of dead workers are claimed.</summary>
    private static readonly TimeSpan AbandonedInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often the ledger is queried again: if other workers share it, and if they do not.</summary>
    private static readonly TimeSpan SharedInterval = TimeSpan.FromMilliseconds(100), OwnInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long the run waits for a free slot while no worker holds a row (docs/architecture.md#idle-run).</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(10);

    private readonly CancellationToken _stopToken;
    private readonly CancellationTokenSource _deadlineSource;
    private readonly CancellationTokenSource _endSource;
    private readonly RunContext _run;
    private readonly RunLedger _ledger;
    private readonly BatchFaceUploads _uploads;
    private readonly DownloadQueue _downloads;
    private readonly RowProcessor _processor;
    private readonly UncertainRowReconciler _reconciler;
    private readonly Slots _throttle;
    private readonly RunProgress _progress;
    private readonly RunPrice _price;
    private readonly HashSet<Task> _tasks = [];

    /// <summary>The uploads that rows waited for at the last claim.</summary>
    private IReadOnlyList<Task> _awaitedUploads = [];

    private readonly bool _hasWork;
    private Task _cleanup = Task.CompletedTask;
    private long _submitted;
    private bool _hasTimedOut;
    private bool _hasUnreconciled;
    private long? _abandonedClaimedAt;
    private long? _idleSince;
    private int _unsavedRows;

    internal BatchRun(
        ILedger ledger, Connection connection, BatchOptions options, IBatchObserver observer, long total, CancellationToken stopToken)
    {
        _stopToken = stopToken;
        _deadlineSource = options.TimeLimit is null ? new CancellationTokenSource() : connection.Services.Time.CreateTimeoutSource(Timeout.InfiniteTimeSpan);
        _endSource = CancellationTokenSource.CreateLinkedTokenSource(_deadlineSource.Token, stopToken, connection.LifetimeToken);
        _hasWork = total > 0;
        options = options with { Save = options.Save with { FolderMustExist = _hasWork } };
        _run = new RunContext(connection, options, observer, _endSource.Token, _deadlineSource.Token);
        _ledger = new RunLedger(ledger, _run);
        _uploads = new BatchFaceUploads(_run, _ledger);
        if (options.TimeLimit - _run.Limits.Elapsed is { } left) _deadlineSource.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        _downloads = new DownloadQueue(options.MaxDownloads);
        _processor = new RowProcessor(_run, _ledger, _downloads);
        _reconciler = new UncertainRowReconciler(_run, _ledger);
        _throttle = new Slots(options.ThrottleLimit);
        _progress = new RunProgress(_run.Time, total);
        _price = new RunPrice(_run, _ledger);
    }

    /// <summary>Gets the progress of the run.</summary>
    internal BatchProgress Progress => _progress.GetProgress(_processor.InProgress, _downloads.NearestExpiry);

    private TimeSpan Interval => _ledger.IsShared ? SharedInterval : OwnInterval;

    /// <summary>Processes all rows.</summary>
    /// <returns>The summary of the batch.</returns>
    internal async Task<BatchSummary> RunAsync()
    {
        try
        {
            try
            {
                if (_hasWork) await PrepareDestinationAsync().ConfigureAwait(false);
                // Claiming first marks the rows in flight of dead workers as uncertain, and reconciling comes before any row is paid again.
                await ClaimAbandonedAsync().ConfigureAwait(false);
                await ReconcileAsync().ConfigureAwait(false);
                do
                {
                    while (await StepAsync().ConfigureAwait(false)) await RemoveCompletedAsync().ConfigureAwait(false);
                }
                while (await ReconcileAsync().ConfigureAwait(false));
            }
            finally
            {
                // Also after a stop: the outcome of submissions in flight is recorded.
                await Task.WhenAll([.. _tasks, _uploads.StopAsync(), _cleanup]).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!_stopToken.IsCancellationRequested && _deadlineSource.IsCancellationRequested)
        {
            _hasTimedOut = true;
            _run.Observer.LogVerbose("The time limit is reached. The next run continues with the rows in progress.");
        }
        catch (OperationCanceledException) when (!_stopToken.IsCancellationRequested && _run.Connection.LifetimeToken.IsCancellationRequested)
        {
            _run.Limits.StopSubmitting(new FaceGenException(ErrorCode.NotConnected, "The connection was disconnected during the run. Nothing that was paid for is lost. Run Connect-FaceGen and the same command again."));
        }

        _run.Limits.LogImageLimit();
        _run.MissingImages.Complete();
        await _price.RecordAsync(hasSubmitted: _submitted > 0).ConfigureAwait(false);
        (LedgerCounts counts, LedgerHistory history) = await ReadStateAsync().ConfigureAwait(false);
        return history.AddTo(CreateSummary(counts));
    }

    /// <summary>Creates the destination folder and checks that it is writable, before anything is paid for.</summary>
    /// <exception cref="FaceGenException">The folder is not writable.</exception>
    private async Task PrepareDestinationAsync()
    {
        SaveOptions save = _run.Options.Save;
        var destination = new Destination(_run.Connection.Services.Files, save.Folder);
        Task<bool> prepared = Task.Run(() =>
        {
            destination.Prepare();
            return true;
        });
        // A network share that does not respond must not delay a stop.
        await prepared.WaitAsync(_run.EndToken).ConfigureAwait(false);
        _cleanup = Task.Run(() => destination.RemoveAbandoned(save.Name.HasFolders, _run.EndToken));
    }

    private async Task<(LedgerCounts Counts, LedgerHistory History)> ReadStateAsync()
    {
        try
        {
            return (await _ledger.CountAtEndAsync().ConfigureAwait(false), await _ledger.ReadHistoryAsync().ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!_stopToken.IsCancellationRequested)
        {
            throw new FaceGenException(ErrorCode.LedgerUnreachable,
                $"The run has ended, but the ledger '{_ledger.Name}' is unreachable, so the state of the batch is unknown. Nothing that was paid for is lost. Run Get-FaceGenBatch later.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _uploads.Dispose();
        _endSource.Dispose();
        _deadlineSource.Dispose();
    }

    /// <summary>Starts rows, or waits for a change; false if nothing is left to do.</summary>
    private async Task<bool> StepAsync()
    {
        _run.EndToken.ThrowIfCancellationRequested();
        _awaitedUploads = [];
        // A shared ledger is queried often enough.
        Task[] written = _ledger.IsShared ? [] : [_ledger.RowWritten];
        await ClaimAbandonedAsync().ConfigureAwait(false);

        bool maySubmit = await _run.Limits.CanSubmitAsync(_run.EndToken).ConfigureAwait(false);
        if (maySubmit) await _price.ObserveStartAsync().ConfigureAwait(false);
        if (maySubmit) await _uploads.StartAsync().ConfigureAwait(false);
        bool canStart = !_run.StorageRetry.IsWaiting && Volatile.Read(ref _unsavedRows) < MaxUnsavedRows;
        if (maySubmit && canStart && await TrySubmitAsync().ConfigureAwait(false)) return true;
        if (_tasks.Count > 0 || _awaitedUploads.Count > 0)
        {
            await Task.WhenAny([.. _tasks, .. _awaitedUploads, .. written, _run.Time.DelayAsync(Interval, _run.EndToken)]).ConfigureAwait(false);
            return true;
        }

        if (maySubmit && await MayRowsBecomeAvailableAsync().ConfigureAwait(false))
        {
            await _run.Time.DelayAsync(Interval, _run.EndToken).ConfigureAwait(false);
            return true;
        }

        // A worker may have died since the last claim.
        _abandonedClaimedAt = null;
        await ClaimAbandonedAsync().ConfigureAwait(false);
        return _tasks.Count > 0;
    }

    /// <summary>True if rows may become available to this run later.</summary>
    private async Task<bool> MayRowsBecomeAvailableAsync()
    {
        LedgerCounts counts = await _ledger.CountAsync().ConfigureAwait(false);
        if (counts.ClaimedByOthers > 0)
        {
            _idleSince = null;
            return true;
        }

        if (counts[BatchItemStatus.Pending] == 0 && !(_run.Options.RetryUncertain && counts.RetryableUncertain > 0)) return false;

        // No worker holds a row, and yet the account's slots are in use: by uncertain rows, whose slots become free in time, or by
        // rows that the service never finishes.
        _idleSince ??= _run.Time.GetTimestamp();
        if (_run.Time.GetElapsedTime(_idleSince.Value) < IdleTimeout) return true;

        _run.Limits.StopSubmitting(new FaceGenException(ErrorCode.ServiceBusy,
            $"All {_run.Account.Slots.Limit} queue slots stayed in use for {IdleTimeout.TotalMinutes:0} min, by accepted or uncertain rows. Nothing more is submitted. Accepted rows are not lost. Run the same command later."));
        return false;
    }

    private async Task RemoveCompletedAsync()
    {
        Task[] ended = [.. _tasks.Where(task => task.IsCompleted)];
        _tasks.ExceptWith(ended);
        await Task.WhenAll(ended).ConfigureAwait(false);
    }

    private async Task ClaimAbandonedAsync()
    {
        if (_abandonedClaimedAt is { } seen && _run.Time.GetElapsedTime(seen) < AbandonedInterval) return;

        IReadOnlyList<LedgerRow> rows;
        do
        {
            int limit = MaxUnsavedRows - Volatile.Read(ref _unsavedRows);
            if (limit <= 0) return;

            rows = await _ledger.ClaimAbandonedAsync(limit).ConfigureAwait(false);
            foreach (LedgerRow row in rows)
            {
                _hasUnreconciled |= row.Status == BatchItemStatus.Uncertain;
                if (row.Status == BatchItemStatus.Uncertain) await ReportUncertainAsync(row).ConfigureAwait(false);
                else StartRow(row, new RowSlots(_throttle.AcquireOverLimit(), null));
            }
        }
        while (rows.Count > 0);
        _abandonedClaimedAt = _run.Time.GetTimestamp();
    }

    /// <summary>Claims pending rows, as many at once as slots are free, and starts them.</summary>
    /// <returns>False if no row was started.</returns>
    private async Task<bool> TrySubmitAsync()
    {
        Queue<RowSlots> slots = [];
        try
        {
            await AcquireSlotsAsync(slots).ConfigureAwait(false);
            // The slot may have taken long to acquire.
            if (!await _run.Limits.CanSubmitAsync(_run.EndToken).ConfigureAwait(false) || _run.StorageRetry.IsWaiting) return false;

            // A row that has ended at the service since the last search is not paid for again.
            if (_run.Options.RetryUncertain && (_hasUnreconciled || _reconciler.LikelyEnd <= _run.Now)) await ReconcileAsync().ConfigureAwait(false);

            _awaitedUploads = _uploads.PendingUploads;
            int maxRows = (int)Math.Min(Math.Min(slots.Count, MaxRowsPerClaim), _run.Limits.RowsUntilCheck);
            IReadOnlyList<LedgerRow> rows = await _ledger.ClaimPendingAsync(maxRows, _uploads.ReadyFaces).ConfigureAwait(false);
            _uploads.RecordClaim(rows.Count);
            List<LedgerRow> beyondLimit = [];
            foreach (LedgerRow row in rows)
            {
                // Rows keep their order, and a row in flight may have ended the submissions meanwhile.
                if (beyondLimit.Count == 0 && _run.Limits.Reason is null && _run.Limits.TryReserveImages(row.Images)) StartRow(row, slots.Dequeue());
                else beyondLimit.Add(row);
            }

            _submitted += rows.Count - beyondLimit.Count;
            if (rows.Count > beyondLimit.Count) _idleSince = null;
            foreach (LedgerRow row in beyondLimit) await new RowRecorder(row, _run, _ledger).ReleaseAsync().ConfigureAwait(false);
            return rows.Count > beyondLimit.Count;
        }
        finally
        {
            foreach (RowSlots unused in slots) unused.Release();
        }
    }

    /// <summary>Acquires the slots of one row, as soon as they are free, and those of further rows that are free then.</summary>
    private async Task AcquireSlotsAsync(Queue<RowSlots> slots)
    {
        Slots.Slot throttle = await _throttle.AcquireAsync(_run.EndToken).ConfigureAwait(false);
        try
        {
            slots.Enqueue(new RowSlots(throttle, await _run.Account.AcquireSlotAsync(_run.Time, _run.EndToken).ConfigureAwait(false)));
        }
        catch
        {
            throttle.Release();
            throw;
        }

        while (slots.Count < MaxRowsPerClaim && _throttle.TryAcquire() is { } further)
        {
            if (_run.Account.TryAcquireSlot() is not { } account)
            {
                further.Release();
                return;
            }

            slots.Enqueue(new RowSlots(further, account));
        }
    }

    private void StartRow(LedgerRow row, RowSlots slots)
    {
        if (slots.Account is null) Interlocked.Increment(ref _unsavedRows);
        _tasks.Add(Task.Run(() => RunRowAsync(row, slots), CancellationToken.None));
    }

    private async Task RunRowAsync(LedgerRow row, RowSlots slots)
    {
        bool isUnsaved = slots.Account is null;
        try
        {
            if (await _processor.ProcessAsync(row, slots, OnGenerated).ConfigureAwait(false) is not var (item, error)) return;

            _progress.RecordEnd(item.StatusValue.GetStage() == BatchStage.Saved);
            _run.Observer.OnItemEnded(item, error);
        }
        finally
        {
            if (isUnsaved) Interlocked.Decrement(ref _unsavedRows);
        }

        void OnGenerated()
        {
            if (!isUnsaved) Interlocked.Increment(ref _unsavedRows);
            isUnsaved = true;
        }
    }

    private Task<bool> ReconcileAsync()
    {
        _hasUnreconciled = false;
        return _reconciler.ReconcileAsync();
    }

    /// <summary>Reports a row that was in flight when its process ended, unless it is submitted again.</summary>
    private async Task ReportUncertainAsync(LedgerRow row)
    {
        if (_run.Options.RetryUncertain) return;

        _progress.RecordEnd(isSaved: false);
        if (await _ledger.TryReadRequestAsync(row).ConfigureAwait(false) is { } request)
            _run.Observer.OnItemEnded(BatchItems.FromRow(row, request, _run.Connection), new FaceGenException(ErrorCode.SubmissionUncertain, row.Error ?? ""));
    }

    private BatchSummary CreateSummary(LedgerCounts counts)
    {
        BatchSummary summary = counts.ToSummary(_ledger.Name) with
        {
            Submitted = _submitted,
            ImagesPaid = _run.Limits.ImagesPaid,
            FatalError = _run.Limits.FatalError,
            Duration = _run.Limits.Elapsed,
        };
        long left = counts.CountUnfinished(_run.Options.RetryUncertain);
        if (left == 0) return summary;

        string reason = _hasTimedOut ? $"The time limit of {_run.Options.TimeLimit} is reached. "
            : _run.Limits.Reason is { } stopped && left > summary.InProgress ? $"Nothing more is submitted: {stopped}. " : "";
        string accepted = summary.InProgress == 0 ? "" : $" ({summary.InProgress} paid for and not saved yet)";
        return summary with
        {
            Message = $"{reason}{left} {(left == 1 ? "row is" : "rows are")} left{accepted}. Run the same command again to continue.",
        };
    }
}
