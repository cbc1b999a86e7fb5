using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A ledger that records its calls, fails or waits as the test says, and holds the clock during each call.</summary>
internal sealed class InstrumentedLedger(ILedger ledger, TestClock clock) : ILedger
{
    /// <summary>Gets the rows of all writes, in order.</summary>
    internal ConcurrentQueue<LedgerRow> Writes { get; } = new();

    /// <summary>Gets or sets what runs before a row is written.</summary>
    internal Func<LedgerRow, Task> BeforeWrite { get; set; } = _ => Task.CompletedTask;

    /// <summary>Gets or sets what runs before rows are claimed.</summary>
    internal Func<Task> BeforeClaim { get; set; } = () => Task.CompletedTask;

    /// <summary>Gets or sets what runs before rows or a face image are read.</summary>
    internal Func<CancellationToken, Task> BeforeRead { get; set; } = _ => Task.CompletedTask;

    /// <summary>Gets the face images that were read, in order.</summary>
    internal ConcurrentQueue<string> FaceReads { get; } = new();

    internal Func<CancellationToken, Task> BeforeCount { get; set; } = _ => Task.CompletedTask;

    /// <summary>Gets or sets what replaces a claimed row.</summary>
    internal Func<LedgerRow, LedgerRow> OnClaimed { get; set; } = row => row;

    public string Name => ledger.Name;

    public bool IsShared => IsSharedLedger || ledger.IsShared;

    /// <summary>Gets or sets whether the run takes the ledger for a shared one.</summary>
    internal bool IsSharedLedger { get; set; }

    /// <summary>Gets or sets what changes the history, such as by what other workers did.</summary>
    internal Func<LedgerHistory, LedgerHistory> OnHistory { get; set; } = history => history;

    public bool SkipDuplicates { get => ledger.SkipDuplicates; set => ledger.SkipDuplicates = value; }

    public async Task<IReadOnlyList<LedgerRow>> ClaimPendingAsync(ClaimOptions options, CancellationToken cancellationToken)
    {
        await BeforeClaim();
        return [.. (await clock.HoldAsync(() => ledger.ClaimPendingAsync(options, cancellationToken))).Select(OnClaimed)];
    }

    public async Task<bool> WriteAsync(LedgerRow row, bool release, CancellationToken cancellationToken)
    {
        Writes.Enqueue(row);
        await BeforeWrite(row);
        return await clock.HoldAsync(() => ledger.WriteAsync(row, release, cancellationToken));
    }

    public Task StageAsync(IReadOnlyList<InputRow> rows, string? fallbackFolder, CancellationToken cancellationToken) => ledger.StageAsync(rows, fallbackFolder, cancellationToken);

    public Task<BatchPlan> PlanAsync(PlanOptions options, CancellationToken cancellationToken) =>
        ledger.PlanAsync(options, cancellationToken);

    public Task ImportAsync(bool retryFailed, CancellationToken cancellationToken) => ledger.ImportAsync(retryFailed, cancellationToken);

    public async Task<IReadOnlyList<LedgerRow>> ClaimAbandonedAsync(Uri address, int limit, CancellationToken cancellationToken)
    {
        await BeforeClaim();
        return await clock.HoldAsync(() => ledger.ClaimAbandonedAsync(address, limit, cancellationToken));
    }

    public async Task<LedgerCounts> CountAsync(CancellationToken cancellationToken)
    {
        await BeforeCount(cancellationToken);
        return await clock.HoldAsync(() => ledger.CountAsync(cancellationToken));
    }

    public Task<LedgerHistory> ReadHistoryAsync(CancellationToken cancellationToken) => clock.HoldAsync(async () => OnHistory(await ledger.ReadHistoryAsync(cancellationToken)));

    public Task RecordPriceAsync(decimal price, string? currency, CancellationToken cancellationToken) => clock.HoldAsync(async () =>
    {
        await ledger.RecordPriceAsync(price, currency, cancellationToken);
        return true;
    });

    public async IAsyncEnumerable<LedgerRow> ReadAsync(
        IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await BeforeRead(cancellationToken);
        await foreach (LedgerRow row in ledger.ReadAsync(statuses, onInvalidRow, cancellationToken)) yield return row;
    }

    public Task<IReadOnlyList<LedgerRow>> ReadNextFacesAsync(int rows, bool retryUncertain, CancellationToken cancellationToken) =>
        clock.HoldAsync(() => ledger.ReadNextFacesAsync(rows, retryUncertain, cancellationToken));

    public async Task<byte[]?> ReadFaceAsync(string hash, CancellationToken cancellationToken)
    {
        FaceReads.Enqueue(hash);
        await BeforeRead(cancellationToken);
        return await ledger.ReadFaceAsync(hash, cancellationToken);
    }

    public Task<IReadOnlyList<string>> FindUnknownIdsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        ledger.FindUnknownIdsAsync(ids, cancellationToken);

    public ValueTask DisposeAsync() => ledger.DisposeAsync();
}
