using FaceGen.Batches.Ledgers;
using FaceGen.Simulation.Histories;
using FaceGen.Simulation.Service;

namespace FaceGen.Simulation.Workers;

/// <summary>
/// What holds at every step where several workers run a batch. Who holds a row is known from the calls alone: each call of the
/// ledger is compared with what it may change.
/// </summary>
/// <param name="history">The history.</param>
internal sealed class WorkerRules(WorkersHistory history) : Rules(history)
{
    /// <summary>The worker that holds a row, and the fence that it got with it.</summary>
    private readonly Dictionary<long, (Worker Worker, long Fence)> _claims = [];

    private readonly HashSet<long> _fences = [];

    private readonly HashSet<(Worker Worker, long Item)> _released = [];

    /// <summary>The generations that were submitted by workers that the others had declared dead, and did not count.</summary>
    private readonly HashSet<SimulatedGeneration> _uncounted = [];

    private WorkerRow[] _rows = [];

    /// <summary>Gets how many calls of the ledger have changed a row.</summary>
    internal int Changes { get; private set; }

    /// <summary>Gets the rule that a call of the ledger has broken; null while none has.</summary>
    internal HistoryException? Broken { get; private set; }

    /// <summary>True if rows have not come to their end.</summary>
    internal bool IsLeft => _rows.Length < history.Scenario.Rows
        || _rows.Any(row => row.Status is BatchItemStatus.Pending or BatchItemStatus.Submitting or BatchItemStatus.Submitted or BatchItemStatus.Generated);

    /// <summary>Makes a call of the ledger and compares the rows before and after it.</summary>
    /// <param name="callAsync">Makes the call.</param>
    /// <param name="check">Compares the rows before and after the call, and its result.</param>
    internal async Task<T> CheckAsync<T>(Func<Task<T>> callAsync, Action<WorkerRow[], WorkerRow[], T> check)
    {
        WorkerRow[] before = _rows;
        T result;
        try
        {
            result = await callAsync();
        }
        catch (Exception e) when (e is FaceGenException or OperationCanceledException)
        {
            _rows = await history.Ledgers.ReadRowsAsync();
            if (!before.SequenceEqual(_rows)) Break($"A call failed ({e.Message}), and has changed rows.");
            throw;
        }

        _rows = await history.Ledgers.ReadRowsAsync();
        if (!before.SequenceEqual(_rows)) Changes++;
        check(before, _rows, result);
        return result;
    }

    /// <summary>The input was imported.</summary>
    internal void OnImported(WorkerRow[] before, WorkerRow[] after)
    {
        if (!before.All(after.Contains)) Break("The import has changed existing rows.");
        if (after.Length != history.Scenario.Rows) Break($"The input has {history.Scenario.Rows} rows, and the ledger {after.Length}.");
    }

    /// <summary>A pending row was claimed, or none.</summary>
    internal void OnPendingClaimed(Worker worker, WorkerRow[] before, WorkerRow[] after, IReadOnlyList<LedgerRow> claimed)
    {
        CheckIsNewest(worker);
        AssertOthersUnchanged(before, after, [.. claimed.Select(row => row.Item)]);
        foreach (LedgerRow row in claimed)
        {
            (WorkerRow was, WorkerRow now) = (Find(before, row.Item), Find(after, row.Item));
            bool mayBeSent = was.Status == BatchItemStatus.Pending || (was.Status == BatchItemStatus.Uncertain && history.Scenario.RetryUncertain);
            if (!mayBeSent || _claims.ContainsKey(row.Item)) Break($"{worker} has claimed {was}, which must not be submitted{Holder(row.Item)}.");
            if (now != was with { Status = BatchItemStatus.Submitting, Attempts = was.Attempts + 1, Worker = worker.Number, Fence = row.Fence }) Break($"{worker} has claimed {was}, which is {now} now.");
            Claim(worker, row);
        }

        // A generation that the service denies, and that no worker polls, fills none.
        int filled = after.Count(row => row.Status == BatchItemStatus.Submitting
            || (row.Status == BatchItemStatus.Submitted && (row.Worker is not null || history.Service.Find(row.GenerationId!) is not { IsDenied: true })) || (row.Status == BatchItemStatus.Pending && row.Worker is not null));
        if (filled > history.Scenario.QueueLimit) Break($"{filled} rows fill slots of the account, which has {history.Scenario.QueueLimit}.");
    }

    /// <summary>Rows of dead workers were claimed.</summary>
    internal void OnAbandonedClaimed(Worker worker, WorkerRow[] before, WorkerRow[] after, IReadOnlyList<LedgerRow> claimed)
    {
        CheckIsNewest(worker);
        foreach (WorkerRow was in before)
        {
            WorkerRow now = Find(after, was.Item);
            LedgerRow? row = claimed.FirstOrDefault(row => row.Item == was.Item);
            bool isHeld = _claims.TryGetValue(was.Item, out (Worker Worker, long Fence) claim), isDead = isHeld && history.Ledgers.IsDeadFor(worker, claim.Worker);
            // A worker does not claim a row again that it has released.
            if (row is null && now == was && (!isDead || _released.Contains((worker, was.Item)))) continue;

            if (isHeld && !isDead) Break($"{worker} has changed {was} to {now}, which {claim.Worker} holds and works on.");
            WorkerRow expected = was.Status switch
            {
                BatchItemStatus.Submitting => was with { Status = BatchItemStatus.Uncertain, Worker = null },
                BatchItemStatus.Submitted or BatchItemStatus.Generated => was with { Worker = worker.Number, Fence = now.Fence },
                _ => was with { Worker = null, Fence = 0 },
            };
            if (now != expected) Break($"{worker} has claimed {was}, which is {now} now.");
            bool isReturned = now.Worker is not null || now.Status == BatchItemStatus.Uncertain;
            if (isReturned != (row is not null)) Break($"{worker} was {(row is null ? "not " : "")}given {now}.");
            _claims.Remove(was.Item);
            if (now.Worker is not null && row is not null) Claim(worker, row);
        }
    }

    /// <summary>A row was written, or refused.</summary>
    internal void OnWritten(Worker worker, WorkerRow[] before, WorkerRow[] after, LedgerRow row, bool release, bool written)
    {
        WorkerRow was = Find(before, row.Item);
        bool isHolder = _claims.TryGetValue(row.Item, out (Worker Worker, long Fence) claim) && claim == (worker, row.Fence);
        // An uncertain row without a claim can be written by a worker that knows the outcome; a refusal only by its submitter.
        bool knowsMore = was.Status == BatchItemStatus.Uncertain && !_claims.ContainsKey(row.Item) && row.Status switch
        {
            BatchItemStatus.Submitting => false,
            BatchItemStatus.Pending => was.Fence == row.Fence,
            _ => was.Attempts == row.Attempts && was.GenerationId is null,
        };
        if (written != (isHolder || knowsMore)) Break($"{worker} writes {row.Status} {row.GenerationId} to {was}: {(written ? "written" : "not written")}{Holder(row.Item)}.");
        AssertOthersUnchanged(before, after, written ? [row.Item] : []);
        if (!written) return;

        WorkerRow now = Find(after, row.Item);
        if (now != was with { Status = row.Status, Attempts = row.Attempts, Worker = release ? null : worker.Number, Fence = row.Fence, GenerationId = row.GenerationId })
            Break($"{worker} writes {row.Status} {row.GenerationId} to {was}, which is {now} now.");
        if (release && row.Status is BatchItemStatus.Submitted or BatchItemStatus.Generated) _released.Add((worker, row.Item));
        if (release) _claims.Remove(row.Item);
        else _claims[row.Item] = (worker, row.Fence);
    }

    internal override void OnSubmission(SimulatedProcess process)
    {
        Worker[] counted = [.. history.Workers.Where(worker => worker.IsAlive && !worker.HasLapsed)];
        if (!counted.Contains(process)) return;

        int known = history.Service.Accepted.Count(generation => !generation.IsDenied && !generation.Fails && generation.ReadyAt > history.Elapsed && !_uncounted.Contains(generation)
            && (_rows.Any(row => row.GenerationId == generation.Id && row.Status == BatchItemStatus.Submitted) || counted.Any(worker => worker.ReceivedIds.Contains(generation.Id))));
        int queued = known + counted.Sum(worker => worker.SubmissionsInFlight);
        if (queued > history.Scenario.QueueLimit) throw new HistoryException($"{queued} requests of all workers are in the queue or in flight, and the account has {history.Scenario.QueueLimit} slots.");
    }

    internal override void OnAccepted(SimulatedProcess process, SimulatedGeneration generation)
    {
        if (((Worker)process).HasLapsed) _uncounted.Add(generation);
        base.OnAccepted(process, generation);
    }

    /// <summary>Nothing more can happen by itself.</summary>
    internal void OnStep()
    {
        if (Broken is not null) throw Broken;

        CheckFiles();
        foreach (SimulatedGeneration generation in history.Service.Accepted)
        {
            WorkerRow? row = _rows.FirstOrDefault(row => row.Row == generation.Row);
            if (row is null || row.GenerationId == generation.Id || row.Status is BatchItemStatus.Submitting or BatchItemStatus.Uncertain || history.HasWarnedOf(generation.Id)) continue;
            if (history.Scenario.RetryUncertain && history.Service.Accepted.Any(other => other.Row == row.Row && other.Id == row.GenerationId)) continue;
            // The list of files reconciles a row without its id.
            if (row.Status == BatchItemStatus.Saved && row.GenerationId is { Length: 0 }) continue;

            throw new HistoryException($"Generation {generation.Id} is paid for and not in the ledger: {row}.");
        }
    }

    /// <summary>A run has ended by itself.</summary>
    internal void OnSummary(BatchSummary summary)
    {
        if (summary.StateValue == BatchState.Complete && _rows.FirstOrDefault(row => row.Status is not (BatchItemStatus.Saved or BatchItemStatus.Filtered)) is { } unsaved)
            throw new HistoryException($"The batch is called complete, with {unsaved}.");
    }

    /// <summary>A run has ended with an error.</summary>
    internal void OnFailure(Worker worker, Exception error)
    {
        // Two runs of one file: the second is refused, and the first where its lock file was deleted.
        bool isOfTwo = error is FaceGenException { Code: ErrorCode.LedgerInUse or ErrorCode.LedgerInvalid } && !history.Ledgers.IsShared
            && (worker.HasLapsed || worker.Number == 0);
        if (!isOfTwo) throw new HistoryException($"A run failed although nothing was wrong: {error.Message}");
    }

    private protected override async Task<LedgerRow[]> ReadLedgerAsync()
    {
        List<LedgerRow> rows = [];
        await using ILedger ledger = await history.Ledgers.OpenToReadAsync();
        await foreach (LedgerRow row in ledger.ReadAsync([])) rows.Add(row);
        return [.. rows];
    }

    private static WorkerRow Find(WorkerRow[] rows, long item) => rows.Single(row => row.Item == item);

    /// <summary>A run whose file another one has opened claims nothing more.</summary>
    private void CheckIsNewest(Worker worker)
    {
        if (!history.Ledgers.IsShared && history.Workers.Any(other => other.Number > worker.Number)) Break($"{worker} claims rows, although a later run has opened the ledger.");
    }

    private void AssertOthersUnchanged(WorkerRow[] before, WorkerRow[] after, long[] changed)
    {
        WorkerRow[] others = [.. after.Where(row => !changed.Contains(row.Item))];
        if (!others.SequenceEqual(before.Where(row => !changed.Contains(row.Item)))) Break($"Rows have changed that the call does not write: {string.Join(", ", others.Except(before))}.");
    }

    private void Claim(Worker worker, LedgerRow row)
    {
        if (!_fences.Add(row.Fence) && !_claims.Values.Contains((worker, row.Fence))) Break($"The fence {row.Fence} was given out before.");
        _claims[row.Item] = (worker, row.Fence);
    }

    private string Holder(long item) => _claims.TryGetValue(item, out (Worker Worker, long Fence) claim) ? $", and {claim.Worker} holds it" : ", and no worker holds it";

    private void Break(string message) => Broken ??= new HistoryException(message);
}
