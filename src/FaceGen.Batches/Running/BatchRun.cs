using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

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

    /// <summary>How long to wait where only other workers can change something.</summary>
    private static readonly TimeSpan OthersInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>How long after a stop what is out may still wait for room on the disk.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _abandon = new();
    private readonly RunParts _run;
    private readonly Brakes _brakes;
    private readonly DownloadTurns _downloads;
    private readonly RowWork _rows;
    private readonly Meter _meter;
    private readonly List<Task> _work = [];
    private int _underWay;
    private long _submitted;
    private long? _abandonedSeen;

    internal BatchRun(ILedger ledger, Connection connection, BatchOptions options, IBatchListener listener, long total)
    {
        _run = new RunParts(ledger, connection, options, listener, _abandon.Token);
        _brakes = new Brakes(connection, options, listener);
        _downloads = new DownloadTurns(options.Downloads);
        _rows = new RowWork(_run, _brakes, _downloads);
        _meter = new Meter(_run.Time, total);
    }

    /// <summary>How far the run is.</summary>
    internal BatchProgress Progress => _meter.Progress(Volatile.Read(ref _underWay), _downloads.NearestExpiry);

    /// <summary>Does all that can be done.</summary>
    /// <returns>How the batch stands then.</returns>
    internal async Task<BatchSummary> DoAsync(CancellationToken stop)
    {
        using CancellationTokenSource timer = _run.Options.TimeLimit is { } limit ? _run.Time.Timer(limit) : new CancellationTokenSource();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stop);
        using CancellationTokenRegistration abandoning = end.Token.Register(() => _abandon.CancelAfter(LongestWait));
        var uncertain = new UncertainRows(_run);
        try
        {
            await uncertain.SettleAsync(end.Token).ConfigureAwait(false);
            try
            {
                while (await StepAsync(end.Token).ConfigureAwait(false)) await ForgetEndedAsync().ConfigureAwait(false);
            }
            finally
            {
                // Also after a stop: what is out is still entered in the ledger.
                await Task.WhenAll(_work).ConfigureAwait(false);
            }

            await uncertain.SettleAsync(end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            _run.Listener.Tell("The time limit is over: what is under way is left to the next run.");
        }

        return Summary(await _run.Ledger.CountAsync(stop).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public void Dispose() => _abandon.Dispose();

    /// <summary>Begins a row, or waits for something to change; false where nothing is left to do.</summary>
    private async Task<bool> StepAsync(CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        await TakeAbandonedAsync(stop).ConfigureAwait(false);

        bool maySubmit = await _brakes.AllowAsync(stop).ConfigureAwait(false);
        bool hasRoom = !_run.Room.IsLacking && _work.Count < MostUnsaved && _rows.AtService < _run.Options.ThrottleLimit;
        if (maySubmit && hasRoom && await TrySubmitAsync(stop).ConfigureAwait(false)) return true;
        if (_work.Count > 0)
        {
            await Task.WhenAny([.. _work, _run.Time.Wait(OthersInterval, stop)]).ConfigureAwait(false);
            return true;
        }

        if (!maySubmit) return false;

        LedgerCounts counts = await _run.Ledger.CountAsync(stop).ConfigureAwait(false);
        // What other workers hold may yet be left to this one.
        if (counts[BatchItemStatus.Pending] == 0 && counts.HeldByOthers == 0) return false;

        await _run.Time.Wait(OthersInterval, stop).ConfigureAwait(false);
        return true;
    }

    private async Task ForgetEndedAsync()
    {
        Task[] ended = [.. _work.Where(task => task.IsCompleted)];
        _work.RemoveAll(ended.Contains);
        await Task.WhenAll(ended).ConfigureAwait(false);
    }

    private async Task TakeAbandonedAsync(CancellationToken stop)
    {
        if (_abandonedSeen is { } seen && _run.Time.GetElapsedTime(seen) < AbandonedInterval) return;

        IReadOnlyList<LedgerRow> rows;
        do
        {
            int most = MostUnsaved - _work.Count;
            if (most <= 0) return;

            rows = await _run.Ledger.TakeAbandonedAsync(_run.Connection.BaseUri, most, stop).ConfigureAwait(false);
            foreach (LedgerRow row in rows)
            {
                if (row.Status == BatchItemStatus.Uncertain) TellOfUncertain(row);
                else Begin(row, null, stop);
            }
        }
        while (rows.Count > 0);
        _abandonedSeen = _run.Time.GetTimestamp();
    }

    private async Task<bool> TrySubmitAsync(CancellationToken stop)
    {
        Slots.Slot slot = await _rows.TakeSlotAsync(stop).ConfigureAwait(false);
        LedgerRow? row = null;
        try
        {
            row = await _run.Room.WriteAsync(
                () => _run.Ledger.TakePendingAsync(_run.Connection.BaseUri, _run.Account.Slots.Limit, stop), stop).ConfigureAwait(false);
            if (row is null) return false;

            if (_brakes.TryCount(row.Images))
            {
                _submitted++;
                Begin(row, slot, stop);
                return true;
            }

            await new RowLog(row, _run).ReleaseAsync().ConfigureAwait(false);
            row = null;
            return false;
        }
        finally
        {
            if (row is null) slot.Dispose();
        }
    }

    private void Begin(LedgerRow row, Slots.Slot? slot, CancellationToken stop)
    {
        Interlocked.Increment(ref _underWay);
        _work.Add(Task.Run(() => DoAsync(row, slot, stop), CancellationToken.None));
    }

    private async Task DoAsync(LedgerRow row, Slots.Slot? slot, CancellationToken stop)
    {
        try
        {
            if (await _rows.DoAsync(row, slot, stop).ConfigureAwait(false) is not var (item, error)) return;

            _meter.Count(item.Status is BatchItemStatus.Saved or BatchItemStatus.Filtered);
            _run.Listener.End(item, error);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    /// <summary>A row that was being sent when its process ended.</summary>
    private void TellOfUncertain(LedgerRow row)
    {
        _meter.Count(isSaved: false);
        _run.Listener.End(BatchItems.Of(row, _run.Requests.Read(row)), new FaceGenException(ErrorCode.SubmissionUncertain, row.Error ?? ""));
    }

    private BatchSummary Summary(LedgerCounts counts)
    {
        BatchSummary summary = Summaries.Of(_run.Ledger.Name, counts) with
        {
            Submitted = _submitted,
            ImagesPaid = _brakes.Images,
            Fault = _brakes.Fatal,
            Duration = _brakes.Elapsed,
        };
        string reason = _brakes.Reason is { } stopped ? $"Stopped submitting: {stopped}. " : "";
        return summary.State == BatchState.Unfinished
            ? summary with { Message = $"{reason}{summary.Pending + summary.UnderWay} rows are left: run the same command again." }
            : summary;
    }
}
