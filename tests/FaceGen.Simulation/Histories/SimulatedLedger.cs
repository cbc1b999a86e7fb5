using System.Runtime.CompilerServices;
using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation.Histories;

/// <summary>Makes each call of a real ledger a step of the scheduler, and knows what the ledger holds.</summary>
/// <param name="ledger">The real ledger.</param>
/// <param name="process">The process that has opened it.</param>
internal sealed class SimulatedLedger(ILedger ledger, SimulatedProcess process) : ILedger
{
    private readonly Dictionary<long, LedgerRow> _rows = [];

    /// <summary>Gets the rows as the ledger holds them after the last call that succeeded.</summary>
    internal IReadOnlyCollection<LedgerRow> Rows => _rows.Values;

    /// <summary>Gets the ids of which a write was begun: where the disk fails, it is tried again until it succeeds.</summary>
    internal HashSet<string> StartedIds { get; } = [];

    /// <summary>True if a call has failed, so that the ledger may hold what it was to write.</summary>
    internal bool IsStale { get; private set; }

    public string Name => ledger.Name;

    public bool IsShared => ledger.IsShared;

    public bool SkipDuplicates { get => ledger.SkipDuplicates; set => ledger.SkipDuplicates = value; }

    public Task StageAsync(IReadOnlyList<InputRow> rows, string? fallbackFolder, CancellationToken cancellationToken) => ledger.StageAsync(rows, fallbackFolder, cancellationToken);

    public Task<BatchPlan> PlanAsync(PlanOptions options, CancellationToken cancellationToken) =>
        StepAsync("plan", () => ledger.PlanAsync(options, cancellationToken));

    public Task ImportAsync(bool retryFailed, CancellationToken cancellationToken) => StepAsync("import the input", async () =>
    {
        await ledger.ImportAsync(retryFailed, cancellationToken);
        await ReadRowsAsync();
        return true;
    });

    public Task<IReadOnlyList<LedgerRow>> ClaimPendingAsync(ClaimOptions options, CancellationToken cancellationToken) =>
        StepAsync("claim pending rows", async () =>
        {
            IReadOnlyList<LedgerRow> rows = await ledger.ClaimPendingAsync(options, cancellationToken);
            foreach (LedgerRow row in rows) Note(row);
            return rows;
        }, rows => rows.Count == 0 ? "none" : $"row {string.Join(", ", rows.Select(row => row.Item))}");

    public Task<IReadOnlyList<LedgerRow>> ClaimAbandonedAsync(Uri address, int limit, CancellationToken cancellationToken) =>
        StepAsync("claim abandoned rows", async () =>
        {
            IReadOnlyList<LedgerRow> rows = await ledger.ClaimAbandonedAsync(address, limit, cancellationToken);
            foreach (LedgerRow row in rows) Note(row);
            return rows;
        }, rows => string.Join(", ", rows.Select(row => $"row {row.Item} {row.Status}")));

    public Task<bool> WriteAsync(LedgerRow row, bool release, CancellationToken cancellationToken)
    {
        if (row.GenerationId is { } id) StartedIds.Add(id);
        return StepAsync($"write row {row.Item}, {row.Status} {row.GenerationId}", async () =>
        {
            bool written = await ledger.WriteAsync(row, release, cancellationToken);
            if (written) Note(row);
            return written;
        }, written => written ? "written" : "not written");
    }

    public Task<LedgerCounts> CountAsync(CancellationToken cancellationToken) => StepAsync("count", () => ledger.CountAsync(cancellationToken));

    public Task<LedgerHistory> ReadHistoryAsync(CancellationToken cancellationToken) => StepAsync("history", () => ledger.ReadHistoryAsync(cancellationToken));

    public Task RecordPriceAsync(decimal price, string? currency, CancellationToken cancellationToken) => ledger.RecordPriceAsync(price, currency, cancellationToken);

    public async IAsyncEnumerable<LedgerRow> ReadAsync(
        IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<LedgerRow> rows = await StepAsync("read rows", async () => await ReadAllAsync(statuses, onInvalidRow, cancellationToken));
        foreach (LedgerRow row in rows) yield return row;
    }

    public Task<IReadOnlyList<LedgerRow>> ReadNextFacesAsync(int rows, bool retryUncertain, CancellationToken cancellationToken) =>
        StepAsync("read next faces", () => ledger.ReadNextFacesAsync(rows, retryUncertain, cancellationToken));

    public Task<byte[]?> ReadFaceAsync(string hash, CancellationToken cancellationToken) => StepAsync("read a face", () => ledger.ReadFaceAsync(hash, cancellationToken));

    public Task<IReadOnlyList<string>> FindUnknownIdsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        StepAsync("compare ids", () => ledger.FindUnknownIdsAsync(ids, cancellationToken));

    public ValueTask DisposeAsync() => new(StepAsync("close", async () =>
    {
        await ledger.DisposeAsync();
        return true;
    }));

    /// <summary>Ends the threads and closes the files of a process that is dead.</summary>
    internal ValueTask AbandonAsync() => ledger.DisposeAsync();

    /// <summary>Reads all rows from the ledger itself.</summary>
    internal async Task ReadRowsAsync()
    {
        List<LedgerRow> rows = await ReadAllAsync([], null, default);
        _rows.Clear();
        foreach (LedgerRow row in rows) Note(row);
        IsStale = false;
    }

    private async Task<List<LedgerRow>> ReadAllAsync(IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow, CancellationToken cancellationToken)
    {
        List<LedgerRow> rows = [];
        await foreach (LedgerRow row in ledger.ReadAsync(statuses, onInvalidRow, cancellationToken)) rows.Add(row);
        return rows;
    }

    private void Note(LedgerRow row)
    {
        _rows[row.Item] = row;
        if (row.GenerationId is { } id) process.History.RecordedIds.Add(id);
    }

    /// <summary>Waits for the scheduler, then makes the call, which nothing else runs beside.</summary>
    private Task<T> StepAsync<T>(string name, Func<Task<T>> call, Func<T, string>? describe = null)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Add(new Step($"ledger: {name}", async () =>
        {
            Task<T> made = Task.Run(call);
            // Its failure is the caller's.
            await Task.WhenAny(made);
            if (made.IsCompletedSuccessfully && describe is not null) process.History.Log($"    {describe(made.Result)}");
            IsStale |= made.IsFaulted;
            if (made.Exception is { } error) process.History.Log($"    {error.InnerException!.Message}");
            result.SetFromTask(made);
        }));
        return result.Task;
    }
}
