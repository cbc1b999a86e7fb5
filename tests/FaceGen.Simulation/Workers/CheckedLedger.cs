using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;

namespace FaceGen.Simulation.Workers;

/// <summary>Has each call of a ledger that writes compared with what it may change.</summary>
/// <param name="ledger">The ledger as the worker has opened it.</param>
/// <param name="worker">The worker.</param>
/// <param name="rules">Compares.</param>
internal sealed class CheckedLedger(ILedger ledger, Worker worker, WorkerRules rules) : ILedger
{
    public string Name => ledger.Name;

    public bool IsShared => ledger.IsShared;

    public bool SkipDuplicates { get => ledger.SkipDuplicates; set => ledger.SkipDuplicates = value; }

    public Task StageAsync(IReadOnlyList<InputRow> rows, string? fallbackFolder, CancellationToken cancellationToken) => ledger.StageAsync(rows, fallbackFolder, cancellationToken);

    public Task<BatchPlan> PlanAsync(PlanOptions options, CancellationToken cancellationToken) =>
        ledger.PlanAsync(options, cancellationToken);

    public Task ImportAsync(bool retryFailed, CancellationToken cancellationToken) => rules.CheckAsync(
        async () =>
        {
            await ledger.ImportAsync(retryFailed, cancellationToken);
            return true;
        }, (before, after, _) => rules.OnImported(before, after));

    public Task<IReadOnlyList<LedgerRow>> ClaimPendingAsync(ClaimOptions options, CancellationToken cancellationToken) => rules.CheckAsync(
        () => ledger.ClaimPendingAsync(options, cancellationToken), (before, after, rows) => rules.OnPendingClaimed(worker, before, after, rows));

    public Task<IReadOnlyList<LedgerRow>> ClaimAbandonedAsync(Uri address, int limit, CancellationToken cancellationToken) => rules.CheckAsync(
        () => ledger.ClaimAbandonedAsync(address, limit, cancellationToken), (before, after, rows) => rules.OnAbandonedClaimed(worker, before, after, rows));

    public Task<bool> WriteAsync(LedgerRow row, bool release, CancellationToken cancellationToken) => rules.CheckAsync(
        () => ledger.WriteAsync(row, release, cancellationToken), (before, after, written) => rules.OnWritten(worker, before, after, row, release, written));

    public Task<LedgerCounts> CountAsync(CancellationToken cancellationToken) => ledger.CountAsync(cancellationToken);

    public Task<LedgerHistory> ReadHistoryAsync(CancellationToken cancellationToken) => ledger.ReadHistoryAsync(cancellationToken);

    public Task RecordPriceAsync(decimal price, string? currency, CancellationToken cancellationToken) => ledger.RecordPriceAsync(price, currency, cancellationToken);

    public IAsyncEnumerable<LedgerRow> ReadAsync(
        IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow = null, CancellationToken cancellationToken = default) =>
        ledger.ReadAsync(statuses, onInvalidRow, cancellationToken);

    public Task<IReadOnlyList<LedgerRow>> ReadNextFacesAsync(int rows, bool retryUncertain, CancellationToken cancellationToken) =>
        ledger.ReadNextFacesAsync(rows, retryUncertain, cancellationToken);

    public Task<byte[]?> ReadFaceAsync(string hash, CancellationToken cancellationToken) => ledger.ReadFaceAsync(hash, cancellationToken);

    public Task<IReadOnlyList<string>> FindUnknownIdsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) => ledger.FindUnknownIdsAsync(ids, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await ledger.DisposeAsync();
        worker.IsClosed = true;
    }
}
