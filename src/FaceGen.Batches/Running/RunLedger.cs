using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;

namespace FaceGen.Batches.Running;

/// <summary>
/// The ledger of a run. Writes are retried while the disk or the database is unavailable; what a run must record may be written after
/// its end, within a timeout.
/// </summary>
internal sealed class RunLedger(ILedger ledger, RunContext run)
{
    private readonly RequestLoader _requests = new(ledger, run.EndToken);
    private TaskCompletionSource<bool> _rowWritten = NewSignal();

    internal string Name => ledger.Name;

    /// <inheritdoc cref="ILedger.IsShared"/>
    internal bool IsShared => ledger.IsShared;

    /// <summary>Gets a task that completes when the next row is written, since another row may be claimable then.</summary>
    internal Task RowWritten => Volatile.Read(ref _rowWritten).Task;

    private Uri Address => run.Connection.Address.AccountScope;

    /// <inheritdoc cref="ILedger.ClaimPendingAsync"/>
    internal Task<IReadOnlyList<LedgerRow>> ClaimPendingAsync(int maxRows, IReadOnlyCollection<string>? readyFaces)
    {
        var options = new ClaimOptions(Address, run.Account.Slots.Limit) { MaxRows = maxRows, ReadyFaces = readyFaces, RetryUncertain = run.Options.RetryUncertain };
        return run.StorageRetry.WriteAsync(() => ledger.ClaimPendingAsync(options, run.EndToken), run.EndToken);
    }

    /// <inheritdoc cref="ILedger.ClaimAbandonedAsync"/>
    internal Task<IReadOnlyList<LedgerRow>> ClaimAbandonedAsync(int limit) =>
        run.StorageRetry.WriteAsync(() => ledger.ClaimAbandonedAsync(Address, limit, run.EndToken), run.EndToken);

    /// <summary>Writes a claimed row; false if another worker has claimed it.</summary>
    internal async Task<bool> WriteAsync(LedgerRow row, bool release)
    {
        bool isWritten = await FinishAsync(token => run.StorageRetry.WriteAsync(() => ledger.WriteAsync(row, release, token), token)).ConfigureAwait(false);
        Interlocked.Exchange(ref _rowWritten, NewSignal()).TrySetResult(true);
        return isWritten;
    }

    /// <inheritdoc cref="ILedger.CountAsync"/>
    internal Task<LedgerCounts> CountAsync() => ledger.CountAsync(run.EndToken);

    /// <summary>Returns the counts at the end of the run.</summary>
    internal Task<LedgerCounts> CountAtEndAsync() => FinishAsync(ledger.CountAsync);

    /// <summary>Returns what all runs have done, also after the end of the run.</summary>
    internal Task<LedgerHistory> ReadHistoryAsync() => FinishAsync(ledger.ReadHistoryAsync);

    /// <inheritdoc cref="ILedger.RecordPriceAsync"/>
    internal Task<bool> RecordPriceAtEndAsync(decimal price, string? currency) => FinishAsync(async token =>
    {
        await ledger.RecordPriceAsync(price, currency, token).ConfigureAwait(false);
        return true;
    });

    /// <summary>Reads the uncertain rows.</summary>
    internal IAsyncEnumerable<LedgerRow> ReadUncertainAsync() =>
        ledger.ReadAsync([.. BatchStages.GetStatuses(BatchStage.Uncertain)], cancellationToken: run.EndToken);

    /// <inheritdoc cref="ILedger.ReadNextFacesAsync"/>
    internal Task<IReadOnlyList<LedgerRow>> ReadNextFacesAsync(int rows) => ledger.ReadNextFacesAsync(rows, run.Options.RetryUncertain, run.EndToken);

    /// <inheritdoc cref="ILedger.FindUnknownIdsAsync"/>
    internal Task<IReadOnlyList<string>> FindUnknownIdsAsync(IReadOnlyList<string> ids) => ledger.FindUnknownIdsAsync(ids, run.EndToken);

    /// <inheritdoc cref="RequestLoader.ReadAsync"/>
    internal Task<Request> ReadRequestAsync(LedgerRow row) => _requests.ReadAsync(row);

    /// <summary>Returns the request of a row; null, with a warning, if the row was edited by hand and is invalid.</summary>
    internal async Task<Request?> TryReadRequestAsync(LedgerRow row)
    {
        try
        {
            return await _requests.ReadAsync(row).ConfigureAwait(false);
        }
        catch (FaceGenException e)
        {
            run.Observer.LogWarning(e.Message);
            return null;
        }
    }

    /// <summary>Runs work that may finish after the end of the run, within a timeout.</summary>
    private async Task<T> FinishAsync<T>(Func<CancellationToken, Task<T>> work)
    {
        using CancellationTokenSource timeout = run.Options.StorageClock.CreateTimeoutSource(Timeout.InfiniteTimeSpan);
        using CancellationTokenRegistration end = run.EndToken.Register(() => timeout.CancelAfter(run.Options.StorageTimeout));
        return await work(timeout.Token).ConfigureAwait(false);
    }

    private static TaskCompletionSource<bool> NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
