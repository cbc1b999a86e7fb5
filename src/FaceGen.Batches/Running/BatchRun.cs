using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>
/// Does the rows of a batch: what earlier runs left first, then the pending ones, as many at a time as the account's queue
/// and the ledger's other workers allow.
/// </summary>
internal sealed class BatchRun : IDisposable
{
    /// <summary>How many rows may wait for their download, so that a long input stays in flat memory.</summary>
    private const int MaxUnsavedRows = 64;

    /// <summary>How often rows of workers that died are looked for.</summary>
    private static readonly TimeSpan AbandonedInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often the ledger is asked again while other workers can change something, and while only time can.</summary>
    private static readonly TimeSpan SharedInterval = TimeSpan.FromMilliseconds(100), OwnInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long to wait where nobody works on a row and none can be submitted.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(10);

    private readonly CancellationToken _stopToken;
    private readonly CancellationTokenSource _deadlineSource;
    private readonly CancellationTokenSource _endSource;
    private readonly RunContext _run;
    private readonly DownloadQueue _downloads;
    private readonly RowProcessor _processor;
    private readonly UncertainRowReconciler _reconciler;
    private readonly Slots _throttle;
    private readonly ProgressMeter _meter;
    private readonly List<Task> _tasks = [];

    /// <summary>The uploads that rows waited for when the last one was taken.</summary>
    private IReadOnlyDictionary<string, Task> _awaitedUploads = SharedFaceUploads.NoUploads;

    private readonly bool _hasWork;
    private Task _cleanup = Task.CompletedTask;
    private long _submitted;
    private bool _hasTimedOut;
    private bool _hasUnreconciled;
    private long? _abandonedClaimedAt;
    private long? _idleSince;

    internal BatchRun(
        ILedger ledger, Connection connection, BatchOptions options, IBatchObserver observer, long total, CancellationToken stopToken)
    {
        _stopToken = stopToken;
        _deadlineSource = options.TimeLimit is null ? new CancellationTokenSource() : connection.Services.Time.CreateTimeoutSource(Timeout.InfiniteTimeSpan);
        _endSource = CancellationTokenSource.CreateLinkedTokenSource(_deadlineSource.Token, stopToken, connection.LifetimeToken);
        _hasWork = total > 0;
        options = options with { Save = options.Save with { FolderMustExist = _hasWork } };
        _run = new RunContext(ledger, connection, options, observer, _endSource.Token, _deadlineSource.Token);
        if (options.TimeLimit - _run.Limits.Elapsed is { } left) _deadlineSource.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        _downloads = new DownloadQueue(options.MaxDownloads);
        _processor = new RowProcessor(_run, _downloads);
        _reconciler = new UncertainRowReconciler(_run);
        _throttle = new Slots(options.ThrottleLimit);
        _meter = new ProgressMeter(_run.Time, total);
    }

    /// <summary>How far the run is.</summary>
    internal BatchProgress Progress => _meter.GetProgress(_processor.InFlight, _downloads.NearestExpiry);

    private TimeSpan Interval => _run.Ledger.IsShared ? SharedInterval : OwnInterval;

    /// <summary>Does all that can be done.</summary>
    /// <returns>How the batch stands then.</returns>
    internal async Task<BatchSummary> RunAsync()
    {
        try
        {
            try
            {
                if (_hasWork) await PrepareDestinationAsync().ConfigureAwait(false);
                // Rows that were being sent when their process ended are among those of unknown outcome from here on, and all
                // that can be settled is, before one is paid for again.
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
                // Also after a stop: what is out is still entered in the ledger.
                await Task.WhenAll([.. _tasks, _run.FaceUploads.StopAsync(), _cleanup]).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!_stopToken.IsCancellationRequested && _deadlineSource.IsCancellationRequested)
        {
            _hasTimedOut = true;
            _run.Observer.LogVerbose("The time limit is over: what is under way is left to the next run.");
        }
        catch (OperationCanceledException) when (!_stopToken.IsCancellationRequested && _run.Connection.LifetimeToken.IsCancellationRequested)
        {
            _run.Limits.StopSubmitting(new FaceGenException(ErrorCode.NotConnected, "The connection was ended while the batch ran."));
        }

        return CreateSummary(await CountAsync().ConfigureAwait(false));
    }

    /// <summary>Makes the folder of the images, and makes sure that it can be written, before anything is paid for.</summary>
    /// <exception cref="FaceGenException">It cannot be written.</exception>
    private async Task PrepareDestinationAsync()
    {
        SaveOptions save = _run.Options.Save;
        var destination = new Destination(_run.Connection.Services.Files, save.Folder);
        Task<bool> prepared = Task.Run(() =>
        {
            destination.Prepare();
            return true;
        });
        // A share that does not answer holds no stop up.
        await prepared.WaitAsync(_run.EndToken).ConfigureAwait(false);
        _cleanup = Task.Run(() => destination.RemoveAbandoned(save.Name.HasFolders, _run.EndToken));
    }

    private async Task<LedgerCounts> CountAsync()
    {
        try
        {
            return await _run.FinishAsync(cancel => _run.Ledger.CountAsync(cancel)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_stopToken.IsCancellationRequested)
        {
            throw new FaceGenException(ErrorCode.LedgerUnreachable,
                $"The run has ended, and the ledger '{_run.Ledger.Name}' could not be reached to tell how the batch stands: Get-FaceGenBatch tells it later.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _run.FaceUploads.Dispose();
        _endSource.Dispose();
        _deadlineSource.Dispose();
    }

    /// <summary>Begins a row, or waits for something to change; false where nothing is left to do.</summary>
    private async Task<bool> StepAsync()
    {
        _run.EndToken.ThrowIfCancellationRequested();
        _awaitedUploads = SharedFaceUploads.NoUploads;
        // Where other workers share the slots, the ledger is asked often enough.
        Task[] written = _run.Ledger.IsShared ? [] : [_run.RowWritten];
        await ClaimAbandonedAsync().ConfigureAwait(false);

        bool maySubmit = await _run.Limits.CanSubmitAsync(_run.EndToken).ConfigureAwait(false);
        if (maySubmit) await _run.FaceUploads.StartAsync().ConfigureAwait(false);
        bool hasRoom = !_run.StorageRetry.IsWaiting && _tasks.Count < MaxUnsavedRows;
        if (maySubmit && hasRoom && await TrySubmitAsync().ConfigureAwait(false)) return true;
        if (_tasks.Count > 0 || _awaitedUploads.Count > 0)
        {
            await Task.WhenAny([.. _tasks, .. _awaitedUploads.Values, .. written, _run.Time.DelayAsync(Interval, _run.EndToken)]).ConfigureAwait(false);
            return true;
        }

        if (maySubmit && await MayRowsBecomeAvailableAsync().ConfigureAwait(false))
        {
            await _run.Time.DelayAsync(Interval, _run.EndToken).ConfigureAwait(false);
            return true;
        }

        // A worker may have died since the last look.
        _abandonedClaimedAt = null;
        await ClaimAbandonedAsync().ConfigureAwait(false);
        return _tasks.Count > 0;
    }

    /// <summary>Whether rows are left that this run may yet come to, although it has none now.</summary>
    private async Task<bool> MayRowsBecomeAvailableAsync()
    {
        LedgerCounts counts = await _run.Ledger.CountAsync(_run.EndToken).ConfigureAwait(false);
        if (counts.ClaimedByOthers > 0)
        {
            _idleSince = null;
            return true;
        }

        if (counts[BatchItemStatus.Pending] == 0 && !(_run.Options.RetryUncertain && counts.RetryableUncertain > 0)) return false;

        // Nobody holds a row, and yet the account's places are filled: by rows of unknown outcome, which give theirs back in
        // time, or by rows that the service never finishes, which do not.
        _idleSince ??= _run.Time.GetTimestamp();
        if (_run.Time.GetElapsedTime(_idleSince.Value) < IdleTimeout) return true;

        _run.Limits.StopSubmitting(new FaceGenException(ErrorCode.ServiceBusy,
            "The account's queue is filled by rows that the service has accepted and does not finish."));
        return false;
    }

    private async Task RemoveCompletedAsync()
    {
        Task[] ended = [.. _tasks.Where(task => task.IsCompleted)];
        _tasks.RemoveAll(ended.Contains);
        await Task.WhenAll(ended).ConfigureAwait(false);
    }

    private async Task ClaimAbandonedAsync()
    {
        if (_abandonedClaimedAt is { } seen && _run.Time.GetElapsedTime(seen) < AbandonedInterval) return;

        IReadOnlyList<LedgerRow> rows;
        do
        {
            int most = MaxUnsavedRows - _tasks.Count;
            if (most <= 0) return;

            rows = await _run.StorageRetry.WriteAsync(
                () => _run.Ledger.ClaimAbandonedAsync(_run.Connection.Address.AccountScope, most, _run.EndToken), _run.EndToken).ConfigureAwait(false);
            foreach (LedgerRow row in rows)
            {
                _hasUnreconciled |= row.Status == BatchItemStatus.Uncertain;
                if (row.Status == BatchItemStatus.Uncertain) await ReportUncertainAsync(row).ConfigureAwait(false);
                else StartRow(row, _throttle.AcquireOverLimit(), null);
            }
        }
        while (rows.Count > 0);
        _abandonedClaimedAt = _run.Time.GetTimestamp();
    }

    private async Task<bool> TrySubmitAsync()
    {
        Slots.Slot place = await _throttle.AcquireAsync(_run.EndToken).ConfigureAwait(false);
        Slots.Slot? slot = null;
        bool hasBegun = false;
        try
        {
            slot = await _run.Account.Slots.AcquireAsync(_run.EndToken).ConfigureAwait(false);
            // It may have taken long to come.
            if (!await _run.Limits.CanSubmitAsync(_run.EndToken).ConfigureAwait(false) || _run.StorageRetry.IsWaiting) return false;

            // What has come to its end at the service since the last look is not paid for again.
            if (_run.Options.RetryUncertain && (_hasUnreconciled || _reconciler.LikelyEnd <= _run.Now)) await ReconcileAsync().ConfigureAwait(false);

            _awaitedUploads = _run.FaceUploads.PendingUploads;
            LedgerRow? row = await _run.StorageRetry.WriteAsync(
                () => _run.Ledger.ClaimPendingAsync(
                    _run.Connection.Address.AccountScope, _run.Account.Slots.Limit, _run.EndToken, [.. _awaitedUploads.Keys], _run.Options.RetryUncertain),
                _run.EndToken).ConfigureAwait(false);
            if (row is null) return false;

            if (!_run.Limits.TryReserveImages(row.Images))
            {
                await new RowRecorder(row, _run).ReleaseAsync().ConfigureAwait(false);
                return false;
            }

            _submitted++;
            _idleSince = null;
            StartRow(row, place, slot);
            return hasBegun = true;
        }
        finally
        {
            if (!hasBegun)
            {
                slot?.Dispose();
                place.Dispose();
            }
        }
    }

    private void StartRow(LedgerRow row, Slots.Slot throttleSlot, Slots.Slot? slot) =>
        _tasks.Add(Task.Run(() => RunRowAsync(row, throttleSlot, slot), CancellationToken.None));

    private async Task RunRowAsync(LedgerRow row, Slots.Slot throttleSlot, Slots.Slot? slot)
    {
        if (await _processor.ProcessAsync(row, throttleSlot, slot).ConfigureAwait(false) is not var (item, error)) return;

        _meter.RecordEnd(item.Status is BatchItemStatus.Saved or BatchItemStatus.Filtered);
        _run.Observer.OnItemEnded(item, error);
    }

    private Task<bool> ReconcileAsync()
    {
        _hasUnreconciled = false;
        return _reconciler.ReconcileAsync();
    }

    /// <summary>A row that was being sent when its process ended. One that is sent again has not come to its end.</summary>
    private async Task ReportUncertainAsync(LedgerRow row)
    {
        if (_run.Options.RetryUncertain) return;

        _meter.RecordEnd(isSaved: false);
        if (await _run.TryReadRequestAsync(row).ConfigureAwait(false) is { } request)
            _run.Observer.OnItemEnded(BatchItems.FromRow(row, request, _run.Connection), new FaceGenException(ErrorCode.SubmissionUncertain, row.Error ?? ""));
    }

    private BatchSummary CreateSummary(LedgerCounts counts)
    {
        BatchSummary summary = Summaries.Create(_run.Ledger.Name, counts) with
        {
            Submitted = _submitted,
            ImagesPaid = _run.Limits.Images,
            Fault = _run.Limits.FatalError,
            Duration = _run.Limits.Elapsed,
        };
        long left = summary.Pending + summary.UnderWay + (_run.Options.RetryUncertain ? counts.RetryableUncertain : 0);
        if (left == 0) return summary;

        string reason = _hasTimedOut ? $"The time limit of {_run.Options.TimeLimit} is over. "
            : _run.Limits.Reason is { } stopped && left > summary.UnderWay ? $"Stopped submitting: {stopped}. " : "";
        string accepted = summary.UnderWay == 0 ? "" : $" ({summary.UnderWay} sent and not saved yet)";
        return summary with
        {
            Message = $"{reason}{left} {(left == 1 ? "row is" : "rows are")} left{accepted}: run the same command again to go on.",
        };
    }
}
