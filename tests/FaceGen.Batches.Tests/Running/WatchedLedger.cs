using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A ledger that remembers what was written to it, fails when the test says so, and holds the clock while it works.</summary>
internal sealed class WatchedLedger(ILedger ledger, TestClock clock) : ILedger
{
    /// <summary>What was to be written, in order.</summary>
    internal ConcurrentQueue<LedgerRow> Writes { get; } = new();

    /// <summary>Throws, or waits, before a row is written.</summary>
    internal Func<LedgerRow, Task> BeforeWrite { get; set; } = _ => Task.CompletedTask;

    /// <summary>Throws, or waits, before rows are taken.</summary>
    internal Func<Task> BeforeTake { get; set; } = () => Task.CompletedTask;

    /// <summary>Throws, or waits, before rows or a face image are read.</summary>
    internal Func<CancellationToken, Task> BeforeRead { get; set; } = _ => Task.CompletedTask;

    /// <summary>The face images that were read, in order.</summary>
    internal ConcurrentQueue<string> FaceReads { get; } = new();

    internal Func<CancellationToken, Task> BeforeCount { get; set; } = _ => Task.CompletedTask;

    /// <summary>The row that is taken, as a test wants it.</summary>
    internal Func<LedgerRow, LedgerRow> Taken { get; set; } = row => row;

    public string Name => ledger.Name;

    public bool IsShared => ledger.IsShared;

    public bool SkipDuplicates { get => ledger.SkipDuplicates; set => ledger.SkipDuplicates = value; }

    public async Task<LedgerRow?> TakePendingAsync(
        Uri address, int places, CancellationToken cancel, IReadOnlyCollection<string>? unready = null, bool retryUncertain = false)
    {
        await BeforeTake();
        return await clock.HoldAsync(() => ledger.TakePendingAsync(address, places, cancel, unready, retryUncertain)) is { } row ? Taken(row) : null;
    }

    public async Task<bool> WriteAsync(LedgerRow row, bool release, CancellationToken cancel)
    {
        Writes.Enqueue(row);
        await BeforeWrite(row);
        return await clock.HoldAsync(() => ledger.WriteAsync(row, release, cancel));
    }

    public Task StageAsync(IReadOnlyList<InputRow> rows, CancellationToken cancel, string? folder = null) => ledger.StageAsync(rows, cancel, folder);

    public Task<BatchPlan> PlanAsync(bool retryFailed, bool retryUncertain, CancellationToken cancel, long? maxImages = null) =>
        ledger.PlanAsync(retryFailed, retryUncertain, cancel, maxImages);

    public Task EnterAsync(bool retryFailed, CancellationToken cancel) => ledger.EnterAsync(retryFailed, cancel);

    public async Task<IReadOnlyList<LedgerRow>> TakeAbandonedAsync(Uri address, int most, CancellationToken cancel)
    {
        await BeforeTake();
        return await clock.HoldAsync(() => ledger.TakeAbandonedAsync(address, most, cancel));
    }

    public async Task<LedgerCounts> CountAsync(CancellationToken cancel)
    {
        await BeforeCount(cancel);
        return await clock.HoldAsync(() => ledger.CountAsync(cancel));
    }

    public async IAsyncEnumerable<LedgerRow> ReadAsync(
        IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? leaveOut = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await BeforeRead(cancellationToken);
        await foreach (LedgerRow row in ledger.ReadAsync(statuses, leaveOut, cancellationToken)) yield return row;
    }

    public Task<IReadOnlyList<LedgerRow>> SharedFacesAsync(int most, CancellationToken cancel, bool retryUncertain = false) =>
        clock.HoldAsync(() => ledger.SharedFacesAsync(most, cancel, retryUncertain));

    public async Task<byte[]?> ReadFaceAsync(string hash, CancellationToken cancel)
    {
        FaceReads.Enqueue(hash);
        await BeforeRead(cancel);
        return await ledger.ReadFaceAsync(hash, cancel);
    }

    public Task<IReadOnlyList<string>> UnknownIdsAsync(IReadOnlyList<string> ids, CancellationToken cancel) =>
        ledger.UnknownIdsAsync(ids, cancel);

    public ValueTask DisposeAsync() => ledger.DisposeAsync();
}
