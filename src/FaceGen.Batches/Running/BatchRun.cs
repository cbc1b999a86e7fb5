using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>
/// Does the rows of a batch: what earlier runs left first, then the pending ones, as many at a time as the account's queue
/// and the ledger's other workers allow.
/// </summary>
internal sealed class BatchRun : IDisposable
{
    /// <summary>How many rows may wait for their download, so that a long input stays in flat memory.</summary>
    private const int MostUnsaved = 64;

    /// <summary>How often rows of workers that died are looked for.</summary>
    private static readonly TimeSpan AbandonedInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often the ledger is asked again while other workers can change something, and while only time can.</summary>
    private static readonly TimeSpan OthersInterval = TimeSpan.FromMilliseconds(100), OwnInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long to wait where nobody works on a row and none can be submitted.</summary>
    private static readonly TimeSpan LongestIdling = TimeSpan.FromMinutes(10);

    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _end;
    private readonly RunParts _run;
    private readonly DownloadTurns _downloads;
    private readonly RowWork _rows;
    private readonly UncertainRows _uncertain;
    private readonly Slots _places;
    private readonly Meter _meter;
    private readonly List<Task> _work = [];

    /// <summary>The uploads that rows waited for when the last one was taken.</summary>
    private IReadOnlyDictionary<string, Task> _awaited = RowFaces.None;

    private readonly bool _hasWork;
    private Task _clearing = Task.CompletedTask;
    private long _submitted;
    private bool _isTimeOver;
    private bool _isUnsettled;
    private long? _abandonedSeen;
    private long? _idleSince;

    internal BatchRun(
        ILedger ledger, Connection connection, BatchOptions options, IBatchListener listener, long total, CancellationToken stop)
    {
        _stop = stop;
        _timer = options.TimeLimit is null ? new CancellationTokenSource() : connection.Services.Time.Timer(Timeout.InfiniteTimeSpan);
        _end = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, stop, connection.Lifetime);
        _hasWork = total > 0;
        options = options with { Save = options.Save with { FolderMustExist = _hasWork } };
        _run = new RunParts(ledger, connection, options, listener, _end.Token, _timer.Token);
        if (options.TimeLimit - _run.Brakes.Elapsed is { } left) _timer.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        _downloads = new DownloadTurns(options.Downloads);
        _rows = new RowWork(_run, _downloads);
        _uncertain = new UncertainRows(_run);
        _places = new Slots(options.ThrottleLimit);
        _meter = new Meter(_run.Time, total);
    }

    /// <summary>How far the run is.</summary>
    internal BatchProgress Progress => _meter.Progress(_rows.UnderWay, _downloads.NearestExpiry);

    private TimeSpan Interval => _run.Ledger.IsShared ? OthersInterval : OwnInterval;

    /// <summary>Does all that can be done.</summary>
    /// <returns>How the batch stands then.</returns>
    internal async Task<BatchSummary> DoAsync()
    {
        try
        {
            try
            {
                if (_hasWork) await PrepareDestinationAsync().ConfigureAwait(false);
                // Rows that were being sent when their process ended are among those of unknown outcome from here on, and all
                // that can be settled is, before one is paid for again.
                await TakeAbandonedAsync().ConfigureAwait(false);
                await SettleAsync().ConfigureAwait(false);
                do
                {
                    while (await StepAsync().ConfigureAwait(false)) await ForgetEndedAsync().ConfigureAwait(false);
                }
                while (await SettleAsync().ConfigureAwait(false));
            }
            finally
            {
                // Also after a stop: what is out is still entered in the ledger.
                await Task.WhenAll([.. _work, _run.Faces.EndAsync(), _clearing]).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested && _timer.IsCancellationRequested)
        {
            _isTimeOver = true;
            _run.Listener.Tell("The time limit is over: what is under way is left to the next run.");
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested && _run.Connection.Lifetime.IsCancellationRequested)
        {
            _run.Brakes.Stop(new FaceGenException(ErrorCode.NotConnected, "The connection was ended while the batch ran."));
        }

        return Summary(await CountAsync().ConfigureAwait(false));
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
        await prepared.UnlessAsync(_run.End).ConfigureAwait(false);
        _clearing = Task.Run(() => destination.RemoveAbandoned(save.Name.HasFolders, _run.End));
    }

    private async Task<LedgerCounts> CountAsync()
    {
        try
        {
            return await _run.FinishAsync(cancel => _run.Ledger.CountAsync(cancel)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            throw new FaceGenException(ErrorCode.LedgerUnreachable,
                $"The run has ended, and the ledger '{_run.Ledger.Name}' could not be reached to tell how the batch stands: Get-FaceGenBatch tells it later.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _run.Faces.Dispose();
        _end.Dispose();
        _timer.Dispose();
    }

    /// <summary>Begins a row, or waits for something to change; false where nothing is left to do.</summary>
    private async Task<bool> StepAsync()
    {
        _run.End.ThrowIfCancellationRequested();
        _awaited = RowFaces.None;
        // Where other workers share the slots, the ledger is asked often enough.
        Task[] written = _run.Ledger.IsShared ? [] : [_run.Written];
        await TakeAbandonedAsync().ConfigureAwait(false);

        bool maySubmit = await _run.Brakes.AllowAsync(_run.End).ConfigureAwait(false);
        if (maySubmit) await _run.Faces.BeginAsync().ConfigureAwait(false);
        bool hasRoom = !_run.Room.IsLacking && _work.Count < MostUnsaved;
        if (maySubmit && hasRoom && await TrySubmitAsync().ConfigureAwait(false)) return true;
        if (_work.Count > 0 || _awaited.Count > 0)
        {
            await Task.WhenAny([.. _work, .. _awaited.Values, .. written, _run.Time.Wait(Interval, _run.End)]).ConfigureAwait(false);
            return true;
        }

        if (maySubmit && await MayOthersLeaveMoreAsync().ConfigureAwait(false))
        {
            await _run.Time.Wait(Interval, _run.End).ConfigureAwait(false);
            return true;
        }

        // A worker may have died since the last look.
        _abandonedSeen = null;
        await TakeAbandonedAsync().ConfigureAwait(false);
        return _work.Count > 0;
    }

    /// <summary>Whether rows are left that this run may yet come to, although it has none now.</summary>
    private async Task<bool> MayOthersLeaveMoreAsync()
    {
        LedgerCounts counts = await _run.Ledger.CountAsync(_run.End).ConfigureAwait(false);
        if (counts.HeldByOthers > 0)
        {
            _idleSince = null;
            return true;
        }

        if (counts[BatchItemStatus.Pending] == 0 && !(_run.Options.RetryUncertain && counts.Untried > 0)) return false;

        // Nobody holds a row, and yet the account's places are filled: by rows of unknown outcome, which give theirs back in
        // time, or by rows that the service never finishes, which do not.
        _idleSince ??= _run.Time.GetTimestamp();
        if (_run.Time.GetElapsedTime(_idleSince.Value) < LongestIdling) return true;

        _run.Brakes.Stop(new FaceGenException(ErrorCode.ServiceBusy,
            "The account's queue is filled by rows that the service has accepted and does not finish."));
        return false;
    }

    private async Task ForgetEndedAsync()
    {
        Task[] ended = [.. _work.Where(task => task.IsCompleted)];
        _work.RemoveAll(ended.Contains);
        await Task.WhenAll(ended).ConfigureAwait(false);
    }

    private async Task TakeAbandonedAsync()
    {
        if (_abandonedSeen is { } seen && _run.Time.GetElapsedTime(seen) < AbandonedInterval) return;

        IReadOnlyList<LedgerRow> rows;
        do
        {
            int most = MostUnsaved - _work.Count;
            if (most <= 0) return;

            rows = await _run.Room.WriteAsync(
                () => _run.Ledger.TakeAbandonedAsync(_run.Connection.Address.Home, most, _run.End), _run.End).ConfigureAwait(false);
            foreach (LedgerRow row in rows)
            {
                _isUnsettled |= row.Status == BatchItemStatus.Uncertain;
                if (row.Status == BatchItemStatus.Uncertain) await ReportUncertainAsync(row).ConfigureAwait(false);
                else Begin(row, _places.TakeNow(), null);
            }
        }
        while (rows.Count > 0);
        _abandonedSeen = _run.Time.GetTimestamp();
    }

    private async Task<bool> TrySubmitAsync()
    {
        Slots.Slot place = await _places.TakeAsync(_run.End).ConfigureAwait(false);
        Slots.Slot? slot = null;
        bool hasBegun = false;
        try
        {
            slot = await _run.Account.Slots.TakeAsync(_run.End).ConfigureAwait(false);
            // It may have taken long to come.
            if (!await _run.Brakes.AllowAsync(_run.End).ConfigureAwait(false) || _run.Room.IsLacking) return false;

            // What has come to its end at the service since the last look is not paid for again.
            if (_run.Options.RetryUncertain && (_isUnsettled || _uncertain.LikelyEnd <= _run.Now)) await SettleAsync().ConfigureAwait(false);

            _awaited = _run.Faces.Unready;
            LedgerRow? row = await _run.Room.WriteAsync(
                () => _run.Ledger.TakePendingAsync(
                    _run.Connection.Address.Home, _run.Account.Slots.Limit, _run.End, [.. _awaited.Keys], _run.Options.RetryUncertain),
                _run.End).ConfigureAwait(false);
            if (row is null) return false;

            if (!_run.Brakes.TryCount(row.Images))
            {
                await new RowLog(row, _run).ReleaseAsync().ConfigureAwait(false);
                return false;
            }

            _submitted++;
            _idleSince = null;
            Begin(row, place, slot);
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

    private void Begin(LedgerRow row, Slots.Slot place, Slots.Slot? slot) =>
        _work.Add(Task.Run(() => DoAsync(row, place, slot), CancellationToken.None));

    private async Task DoAsync(LedgerRow row, Slots.Slot place, Slots.Slot? slot)
    {
        if (await _rows.DoAsync(row, place, slot).ConfigureAwait(false) is not var (item, error)) return;

        _meter.Count(item.Status is BatchItemStatus.Saved or BatchItemStatus.Filtered);
        _run.Listener.End(item, error);
    }

    private Task<bool> SettleAsync()
    {
        _isUnsettled = false;
        return _uncertain.SettleAsync();
    }

    /// <summary>A row that was being sent when its process ended. One that is sent again has not come to its end.</summary>
    private async Task ReportUncertainAsync(LedgerRow row)
    {
        if (_run.Options.RetryUncertain) return;

        _meter.Count(isSaved: false);
        if (await _run.TryReadAsync(row).ConfigureAwait(false) is { } request)
            _run.Listener.End(BatchItems.Of(row, request, _run.Connection), new FaceGenException(ErrorCode.SubmissionUncertain, row.Error ?? ""));
    }

    private BatchSummary Summary(LedgerCounts counts)
    {
        BatchSummary summary = Summaries.Of(_run.Ledger.Name, counts) with
        {
            Submitted = _submitted,
            ImagesPaid = _run.Brakes.Images,
            Fault = _run.Brakes.Fatal,
            Duration = _run.Brakes.Elapsed,
        };
        long left = summary.Pending + summary.UnderWay + (_run.Options.RetryUncertain ? counts.Untried : 0);
        if (left == 0) return summary;

        string reason = _isTimeOver ? $"The time limit of {_run.Options.TimeLimit} is over. "
            : _run.Brakes.Reason is { } stopped && left > summary.UnderWay ? $"Stopped submitting: {stopped}. " : "";
        string accepted = summary.UnderWay == 0 ? "" : $" ({summary.UnderWay} sent and not saved yet)";
        return summary with
        {
            Message = $"{reason}{left} {(left == 1 ? "row is" : "rows are")} left{accepted}: run the same command again to go on.",
        };
    }
}
