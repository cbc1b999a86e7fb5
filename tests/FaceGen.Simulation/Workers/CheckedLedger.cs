using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;

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

    public Task StageAsync(IReadOnlyList<InputRow> rows, CancellationToken cancel, string? folder = null) => ledger.StageAsync(rows, cancel, folder);

    public Task<BatchPlan> PlanAsync(bool retryFailed, bool retryUncertain, CancellationToken cancel, long? maxImages = null) =>
        ledger.PlanAsync(retryFailed, retryUncertain, cancel, maxImages);

    public Task EnterAsync(bool retryFailed, CancellationToken cancel) => rules.CheckAsync(
        async () =>
        {
            await ledger.EnterAsync(retryFailed, cancel);
            return true;
        }, (before, after, _) => rules.OnEntered(before, after));

    public Task<LedgerRow?> TakePendingAsync(
        Uri address, int places, CancellationToken cancel, IReadOnlyCollection<string>? unready = null, bool retryUncertain = false) => rules.CheckAsync(
            () => ledger.TakePendingAsync(address, places, cancel, unready, retryUncertain),
            (before, after, row) => rules.OnPendingTaken(worker, before, after, row));

    public Task<IReadOnlyList<LedgerRow>> TakeAbandonedAsync(Uri address, int most, CancellationToken cancel) => rules.CheckAsync(
        () => ledger.TakeAbandonedAsync(address, most, cancel), (before, after, rows) => rules.OnAbandonedTaken(worker, before, after, rows));

    public Task<bool> WriteAsync(LedgerRow row, bool release, CancellationToken cancel) => rules.CheckAsync(
        () => ledger.WriteAsync(row, release, cancel), (before, after, written) => rules.OnWritten(worker, before, after, row, release, written));

    public Task<LedgerCounts> CountAsync(CancellationToken cancel) => ledger.CountAsync(cancel);

    public IAsyncEnumerable<LedgerRow> ReadAsync(
        IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? leaveOut = null, CancellationToken cancellationToken = default) =>
        ledger.ReadAsync(statuses, leaveOut, cancellationToken);

    public Task<IReadOnlyList<LedgerRow>> SharedFacesAsync(int most, CancellationToken cancel, bool retryUncertain = false) =>
        ledger.SharedFacesAsync(most, cancel, retryUncertain);

    public Task<byte[]?> ReadFaceAsync(string hash, CancellationToken cancel) => ledger.ReadFaceAsync(hash, cancel);

    public Task<IReadOnlyList<string>> UnknownIdsAsync(IReadOnlyList<string> ids, CancellationToken cancel) => ledger.UnknownIdsAsync(ids, cancel);

    public async ValueTask DisposeAsync()
    {
        await ledger.DisposeAsync();
        worker.IsClosed = true;
    }
}
