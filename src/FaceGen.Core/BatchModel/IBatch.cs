using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.BatchModel;

/// <summary>
/// A batch and its ledger. Rows are added first; nothing is recorded and nothing is sent before the run.
/// </summary>
internal interface IBatch : IAsyncDisposable
{
    /// <summary>Gets the ledger's name: the full path of a file, or the server, database and schema; never a password.</summary>
    string LedgerName { get; }

    /// <summary>Gets the progress of the run; null before it begins.</summary>
    BatchProgress? Progress { get; }

    /// <summary>True to skip rows that request the same as an earlier row.</summary>
    bool SkipDuplicates { get; set; }

    /// <summary>Adds rows of the input.</summary>
    Task AddAsync(IReadOnlyList<Request> requests, SaveOptions saveOptions, CancellationToken cancellationToken);

    /// <summary>Returns what a run would do.</summary>
    Task<BatchPlan> PlanAsync(PlanOptions options, CancellationToken cancellationToken);

    /// <summary>Imports the rows into the ledger and processes them.</summary>
    /// <returns>The state of the batch after the run, with the <see cref="BatchSummary.FatalError"/> that ended it.</returns>
    /// <exception cref="FaceGenException">The ledger cannot be used.</exception>
    Task<BatchSummary> RunAsync(BatchOptions options, CancellationToken cancellationToken);
}

/// <summary>
/// Opens batches. FaceGen.Batches implements it, so that the packages that ledgers need are loaded only when there is one.
/// </summary>
internal interface IBatchFactory
{
    /// <summary>Opens the batch of a ledger, to run it.</summary>
    /// <param name="ledger">The location of the ledger. The run creates it if it does not exist.</param>
    /// <param name="connection">The connection of the run.</param>
    /// <param name="observer">Receives rows that end, and messages.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="FaceGenException">The ledger is in use, damaged, of a newer version, or cannot be reached.</exception>
    Task<IBatch> OpenAsync(LedgerLocation ledger, Connection connection, IBatchObserver observer, CancellationToken cancellationToken);

    /// <summary>Opens the batch of a ledger to plan a run: nothing is written, and no ledger is created.</summary>
    /// <exception cref="FaceGenException">The ledger is damaged, of a newer version, or cannot be reached.</exception>
    Task<IBatch> OpenForPlanningAsync(LedgerLocation ledger, CancellationToken cancellationToken);

    /// <summary>Returns the state of the batch of a ledger.</summary>
    /// <exception cref="FaceGenException">The ledger does not exist, or cannot be read.</exception>
    Task<BatchSummary> SummarizeAsync(LedgerLocation ledger, CancellationToken cancellationToken);

    /// <summary>Returns the rows of a ledger in the order of the input. They are read as they are enumerated.</summary>
    /// <param name="ledger">The location of the ledger.</param>
    /// <param name="statuses">The statuses of the rows; empty for all.</param>
    /// <param name="onInvalidRow">Called, on any thread, for each row that was edited by hand and is invalid.</param>
    /// <param name="cancellationToken">Cancels reading, also while the database cannot be reached.</param>
    /// <exception cref="FaceGenException">The ledger does not exist, or cannot be read.</exception>
    IEnumerable<BatchItem> ReadItems(
        LedgerLocation ledger, IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException> onInvalidRow, CancellationToken cancellationToken);
}

/// <summary>Receives the rows of a batch that end, and messages, on any thread.</summary>
internal interface IBatchObserver : IEngineLog
{
    /// <summary>Called when a row has ended, or when this run does not process it further.</summary>
    void OnItemEnded(BatchItem item, FaceGenException? error);

    /// <summary>Called when the submission of a row is sent again, if the run does not end before.</summary>
    /// <param name="row">The file and line of the row.</param>
    /// <param name="reason">Why the submission was not accepted, or may not have been.</param>
    void OnRetry(RequestSource? row, FaceGenException reason);
}
