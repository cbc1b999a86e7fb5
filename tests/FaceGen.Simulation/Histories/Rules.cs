using System.Text;
using System.Text.Json;
using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Simulation.Disk;
using FaceGen.Simulation.Service;

namespace FaceGen.Simulation.Histories;

/// <summary>What holds at every step of every history.</summary>
/// <param name="history">The history.</param>
internal class Rules(History history)
{
    /// <summary>How many submissions had reached the service when images could no longer be saved; null while they can.</summary>
    private int? _unsavableSince;

    /// <summary>How many had when the account was refused; null while it is not.</summary>
    private int? _refusedSince;

    /// <summary>The key as it is, and as JSON, a link and base64 would hold it, wherever it begins.</summary>
    private static readonly byte[][] KeySpellings =
    [
        .. ((string[])
        [
            SimulatedService.Key,
            JsonEncodedText.Encode(SimulatedService.Key).ToString(),
            Uri.EscapeDataString(SimulatedService.Key),
            .. Enumerable.Range(0, 3).Select(before => Convert.ToBase64String(Encoding.UTF8.GetBytes(new string(' ', before) + SimulatedService.Key))[4..^4]),
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    private readonly HashSet<string> _checkedFiles = [];
    private bool _isFileNew = true;

    /// <summary>True while the rules themselves read: no fault comes then.</summary>
    internal bool IsReading { get; private set; }

    private string Out => history.PathOf("out");

    /// <summary>A submission reaches the service.</summary>
    internal virtual void OnSubmission(SimulatedProcess process)
    {
        int known = history.Service.Accepted.Count(generation =>
            !generation.IsDenied && !generation.Fails && generation.ReadyAt > history.Elapsed && (RowOf(process, generation.Id) is { EndedAt: null } || HasReceived(process, generation)));
        int queued = known + process.SubmissionsInFlight;
        if (queued > history.Scenario.QueueLimit) throw new HistoryException($"{queued} requests are in flight, and the account has {history.Scenario.QueueLimit} slots.");
        if (history.Service.Submissions - _unsavableSince >= history.Scenario.QueueLimit) throw new HistoryException("The run continues to submit although images cannot be saved.");
        if (history.Service.Submissions - _refusedSince >= history.Scenario.QueueLimit) throw new HistoryException("The run continues to submit although the account is refused.");
    }

    /// <summary>The service accepts a request.</summary>
    internal virtual void OnAccepted(SimulatedProcess process, SimulatedGeneration generation)
    {
        process.PaidImages += generation.Images;
        if (process.PaidImages > process.Options.MaxImages) throw new HistoryException($"{process.PaidImages} images are paid for in one run, and {process.Options.MaxImages} were allowed.");

        SimulatedGeneration[] before = [.. history.Service.Accepted.Where(other => other.Row == generation.Row && other != generation)];
        SimulatedGeneration? twice = before.FirstOrDefault(other => !(process.Options.RetryUncertain && !IsRecorded(other)) && !(process.Options.RetryFailed && (other.Fails || other.ExpiresAt <= history.Elapsed)));
        if (twice is not null) throw new HistoryException($"Row {generation.Row} is paid for twice: generations {twice.Id} and {generation.Id}.");
    }

    /// <summary>A generation is polled, or an image of it downloaded.</summary>
    internal void OnUse(SimulatedProcess process, string id, bool isDownload)
    {
        if (history.Service.Find(id) is not { } generation || RowOf(process, id) is not null || history.HasWarnedOf(id)) return;

        // Where the service denies the id, a fetch tries whether the images can be downloaded, and saves none.
        bool mayBeFetch = !isDownload || generation.IsDenied || generation.UnknownUntil > TimeSpan.Zero || generation.ExpiresAt <= history.Elapsed;
        if (mayBeFetch && (process.Ledger!.StartedIds.Contains(id) || process.DeliveredIds.Contains(id))) return;

        throw new HistoryException($"Generation {id} is used before the ledger has its id.");
    }

    /// <summary>A response that refuses every request has reached the process.</summary>
    internal void OnRefusedForAll() => _refusedSince ??= history.Service.Submissions;

    /// <summary>An operation of the disk fails.</summary>
    internal void OnDiskFailure(DiskOperation operation)
    {
        // An image whose temporary name could not be deleted is saved.
        if (operation.Action is not (DiskAction.Delete or DiskAction.DeleteFolder) && history.IsDiskInTrouble && operation.File.StartsWith("out/", StringComparison.Ordinal)) _unsavableSince ??= history.Service.Submissions;
    }

    /// <summary>A file has got a name.</summary>
    internal void OnName() => _isFileNew = true;

    internal void OnCrash() => (_unsavableSince, _refusedSince) = (null, null);

    /// <summary>A crash has left the files as the next process finds them.</summary>
    internal void OnRestart()
    {
        _checkedFiles.Clear();
        _isFileNew = true;
        CheckFiles();
    }

    /// <summary>Nothing more can happen by itself.</summary>
    internal async Task OnStepAsync(SimulatedProcess process)
    {
        if (!history.IsDiskInTrouble) _unsavableSince = null;
        CheckFiles();
        if (process.Ledger is not { Rows.Count: > 0 } ledger) return;

        if (ledger.IsStale && !process.Disk.IsDead) await ReadAsync(ledger.ReadRowsAsync);
        foreach (SimulatedGeneration generation in history.Service.Accepted) CheckRecorded(ledger, generation);
    }

    /// <summary>A run has ended by itself.</summary>
    internal async Task OnSummaryAsync(SimulatedProcess process, BatchSummary summary)
    {
        (_unsavableSince, _refusedSince) = (null, null);
        LedgerRow[] rows = await ReadLedgerAsync();
        if (summary.StateValue == BatchState.Complete && rows.Any(row => row.Status is not (BatchItemStatus.Saved or BatchItemStatus.Filtered)))
            throw new HistoryException("The batch is called complete, and a row is not saved.");
        if (summary.StateValue == BatchState.Complete && rows.Length != history.Scenario.Rows) throw new HistoryException("The batch is called complete, and rows are missing.");
        CheckSaved(rows);
        CheckSecrets();
    }

    /// <summary>A run has ended with an error.</summary>
    internal void OnFailure(SimulatedProcess process, Exception error)
    {
        (_unsavableSince, _refusedSince) = (null, null);
        if (error is OperationCanceledException && process.StoppedAt is not null) return;
        if (error is FaceGenException { Code: ErrorCode.LedgerNotWritten or ErrorCode.LedgerInvalid or ErrorCode.FileNotWritten } && process.HasDiskFailed)
        {
            if (error.Message.Contains("damaged", StringComparison.Ordinal) && process.ReadFailures <= 1) throw new HistoryException($"A sound ledger is called damaged: {error.Message}");
            return;
        }
        if (error is FaceGenException { Code: ErrorCode.FileExists } && process.Options.RetryFailed)
        {
            history.IsRetryRefused = true;
            return;
        }

        throw new HistoryException($"A run failed although nothing was wrong with the disk: {error.Message}");
    }

    /// <summary>The runs without faults are over.</summary>
    /// <param name="isOver">True if nothing may be left; false if what has expired may.</param>
    internal async Task OnEndAsync(bool isOver)
    {
        CheckFiles();
        LedgerRow[] rows = await ReadLedgerAsync();
        if (rows.Length != history.Scenario.Rows) throw new HistoryException($"The ledger has {rows.Length} rows of {history.Scenario.Rows}.");

        CheckSaved(rows);
        CheckSecrets();
        foreach (LedgerRow row in rows) CheckEnd(row, RowNumber(row), isOver);
    }

    private void CheckEnd(LedgerRow row, int number, bool isOver)
    {
        SimulatedGeneration[] generations = [.. history.Service.Accepted.Where(generation => generation.Row == number)];
        bool isLegitimate = row.Status switch
        {
            BatchItemStatus.Saved => true,
            BatchItemStatus.Uncertain when generations.Any(generation => IsRecorded(generation) && !history.Scenario.RetryFailed) => false,
            BatchItemStatus.Uncertain => history.Crashes > 0 || history.HasDiskFailed || history.Service.IsInDoubt(number) || generations.Any(generation => history.HasWarnedOf(generation.Id)),
            BatchItemStatus.Failed => history.Service.HasRefused(number) || generations.Any(generation => generation.Fails || generation.ExpiresAt <= history.Elapsed || IsDatedBefore(generation)),
            BatchItemStatus.Expired => generations.Any(generation => generation.ExpiresAt <= history.Elapsed || IsDatedBefore(generation)),
            BatchItemStatus.Submitted or BatchItemStatus.Generated => !isOver && generations.Any(generation => generation.ExpiresAt <= history.Elapsed),
            _ => false,
        };
        if (!isLegitimate) throw new HistoryException($"Row {number} ended as {row.Status} ({row.ErrorCode}: {row.Error}) without a reason.");

        foreach (SimulatedGeneration generation in generations) CheckRecorded(number, row, generation);
    }

    /// <summary>
    /// Returns true for a generation that was accepted while the clock was a day behind, and that the service denied, or whose links
    /// were dead, for longer than is tried: by the time that the ledger has of it, it has expired by the service's clock too.
    /// </summary>
    private static bool IsDatedBefore(SimulatedGeneration generation) =>
        generation.ClockError <= -TimeSpan.FromHours(24) && (generation.LinksDeadUntil > TimeSpan.Zero || generation.UnknownUntil > TimeSpan.Zero);

    /// <summary>What was accepted is in the ledger, or its row is one whose outcome is unknown.</summary>
    private void CheckRecorded(SimulatedLedger ledger, SimulatedGeneration generation)
    {
        if (ledger.Rows.FirstOrDefault(row => RowNumber(row) == generation.Row) is { } row) CheckRecorded(generation.Row, row, generation);
    }

    private void CheckRecorded(int number, LedgerRow row, SimulatedGeneration generation)
    {
        if (row.GenerationId == generation.Id) return;
        if (row.Status is BatchItemStatus.Submitting or BatchItemStatus.Uncertain && (!IsRecorded(generation) || history.Scenario.RetryFailed)) return;
        if (history.HasWarnedOf(generation.Id)) return;
        // What was sent again at the user's wish has, or had, another generation.
        if (history.Service.Accepted.Any(other => other.Row == number && other.Id == row.GenerationId) && (history.Scenario.RetryUncertain || history.Scenario.RetryFailed)) return;
        if (history.Scenario.RetryUncertain && !IsRecorded(generation) && history.Service.Accepted.Last(other => other.Row == number) != generation) return;
        if (history.Scenario.RetryFailed && (generation.Fails || generation.ExpiresAt <= history.Elapsed)) return;
        // Files that exist record a row without its id.
        if (row.Status == BatchItemStatus.Saved && row.GenerationId is { Length: 0 }) return;

        throw new HistoryException($"Generation {generation.Id} is paid for and in no file and not in the ledger: row {number} is {row.Status}.");
    }

    /// <summary>A file at its final name is complete.</summary>
    private protected void CheckFiles()
    {
        if (!_isFileNew || !Directory.Exists(Out)) return;

        _isFileNew = false;
        foreach (string path in Directory.EnumerateFiles(Out, "*.png"))
        {
            string name = Path.GetFileName(path);
            if (_checkedFiles.Contains(name)) continue;

            byte[] bytes = File.ReadAllBytes(path);
            if (!history.Service.Accepted.Any(generation => Enumerable.Range(0, generation.Images).Any(index => bytes.AsSpan().SequenceEqual(SimulatedService.Image(generation.Id, index)))))
                throw new HistoryException($"The file {name} is at its name and not complete ({bytes.Length} bytes).");
            _checkedFiles.Add(name);
        }
    }

    /// <summary>A row that is saved has its files.</summary>
    private void CheckSaved(IEnumerable<LedgerRow> rows)
    {
        foreach (LedgerRow row in rows.Where(row => row.Status is BatchItemStatus.Saved or BatchItemStatus.Filtered))
        {
            if (row.Files.Count != row.Images || row.Files.Any(file => !IsOwn(row, file)))
                throw new HistoryException($"Row {RowNumber(row)} is saved in the ledger, and not all of its images are there.");
        }
    }

    /// <summary>True if a file holds an image of the row's generation, or of any of its generations where a file reconciled it.</summary>
    private bool IsOwn(LedgerRow row, LedgerFile file) => File.Exists(file.Path) && File.ReadAllBytes(file.Path) is var bytes
        && history.Service.Accepted.Any(generation => generation.Row == RowNumber(row) && (row.GenerationId is not { Length: > 0 } || generation.Id == row.GenerationId)
            && bytes.AsSpan().SequenceEqual(SimulatedService.Image(generation.Id, file.Index - 1)));

    private void CheckSecrets()
    {
        foreach (string path in Directory.EnumerateFiles(history.PathOf(""), "*", SearchOption.AllDirectories))
        {
            byte[] bytes = File.ReadAllBytes(path);
            if (KeySpellings.Any(key => bytes.AsSpan().IndexOf(key) >= 0)) throw new HistoryException($"The key is in {Path.GetFileName(path)}.");
        }
    }

    private bool IsRecorded(SimulatedGeneration generation) => history.RecordedIds.Contains(generation.Id);

    private static bool HasReceived(SimulatedProcess process, SimulatedGeneration generation) => process.ReceivedIds.Contains(generation.Id);

    private static LedgerRow? RowOf(SimulatedProcess process, string id) => process.Ledger?.Rows.FirstOrDefault(row => row.GenerationId == id);

    private static int RowNumber(LedgerRow row) => row.Source!.Row;

    /// <summary>Reads the ledger as it is after a run.</summary>
    private protected virtual async Task<LedgerRow[]> ReadLedgerAsync()
    {
        List<LedgerRow> rows = [];
        await ReadAsync(async () =>
        {
            await using ILedger ledger = await LedgerFactory.OpenAsync(LedgerLocation.Parse(history.PathOf("batch.db")), LedgerMode.Read, TimeProvider.System, new NullLog(), default);
            await foreach (LedgerRow row in ledger.ReadAsync([])) rows.Add(row);
        });
        return [.. rows];
    }

    private async Task ReadAsync(Func<Task> read)
    {
        IsReading = true;
        try
        {
            await read();
        }
        finally
        {
            IsReading = false;
        }
    }
}
