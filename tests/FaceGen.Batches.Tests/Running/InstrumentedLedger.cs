using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A ledger that remembers what was written to it, fails when the test says so, and holds the clock while it works.</summary>
internal sealed class InstrumentedLedger(ILedger ledger, TestClock clock) : ILedger
{
    /// <summary>What was to be written, in order.</summary>
    internal ConcurrentQueue<LedgerRow> Writes { get; } = new();

    /// <summary>Throws, or waits, before a row is written.</summary>
    internal Func<LedgerRow, Task> BeforeWrite { get; set; } = _ => Task.CompletedTask;

    /// <summary>Throws, or waits, before rows are taken.</summary>
    internal Func<Task> BeforeClaim { get; set; } = () => Task.CompletedTask;

    /// <summary>Throws, or waits, before rows or a face image are read.</summary>
    internal Func<CancellationToken, Task> BeforeRead { get; set; } = _ => Task.CompletedTask;

    /// <summary>The face images that were read, in order.</summary>
    internal ConcurrentQueue<string> FaceReads { get; } = new();

    internal Func<CancellationToken, Task> BeforeCount { get; set; } = _ => Task.CompletedTask;

    /// <summary>The row that is taken, as a test wants it.</summary>
    internal Func<LedgerRow, LedgerRow> OnClaimed { get; set; } = row => row;

    public string Name => ledger.Name;

    public bool IsShared => ledger.IsShared;

    public bool SkipDuplicates { get => ledger.SkipDuplicates; set => ledger.SkipDuplicates = value; }

    public async Task<LedgerRow?> ClaimPendingAsync(
        Uri address, int queueLimit, CancellationToken cancellationToken, IReadOnlyCollection<string>? pendingFaces = null, bool retryUncertain = false)
    {
        await BeforeClaim();
        return await clock.HoldAsync(() => ledger.ClaimPendingAsync(address, queueLimit, cancellationToken, pendingFaces, retryUncertain)) is { } row ? OnClaimed(row) : null;
    }

    public async Task<bool> WriteAsync(LedgerRow row, bool release, CancellationToken cancellationToken)
    {
        Writes.Enqueue(row);
        await BeforeWrite(row);
        return await clock.HoldAsync(() => ledger.WriteAsync(row, release, cancellationToken));
    }

    public Task StageAsync(IReadOnlyList<InputRow> rows, CancellationToken cancellationToken, string? fallbackFolder = null) => ledger.StageAsync(rows, cancellationToken, fallbackFolder);

    public Task<BatchPlan> PlanAsync(bool retryFailed, bool retryUncertain, CancellationToken cancellationToken, long? maxImages = null) =>
        ledger.PlanAsync(retryFailed, retryUncertain, cancellationToken, maxImages);

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

    public async IAsyncEnumerable<LedgerRow> ReadAsync(
        IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await BeforeRead(cancellationToken);
        await foreach (LedgerRow row in ledger.ReadAsync(statuses, onInvalidRow, cancellationToken)) yield return row;
    }

    public Task<IReadOnlyList<LedgerRow>> ReadSharedFacesAsync(int limit, CancellationToken cancellationToken, bool retryUncertain = false) =>
        clock.HoldAsync(() => ledger.ReadSharedFacesAsync(limit, cancellationToken, retryUncertain));

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
