using FaceGen.Saving;

namespace FaceGen.BatchModel;

/// <summary>
/// A batch on its ledger. Its input is taken in first; nothing of it counts, and nothing is sent, before the run.
/// </summary>
internal interface IBatch : IAsyncDisposable
{
    /// <summary>Gets the ledger's name: a file's full path, or the server, database and schema; never a password.</summary>
    string LedgerName { get; }

    /// <summary>How far the run is; null before it has begun.</summary>
    BatchProgress? Progress { get; }

    /// <summary>Whether rows of the input are left out that ask for the same as a row before them.</summary>
    bool SkipDuplicates { get; set; }

    /// <summary>Takes in more rows of the input, whose images are to be saved so.</summary>
    Task AddAsync(IReadOnlyList<Request> requests, SaveOptions saveOptions, CancellationToken cancellationToken);

    /// <summary>Returns what a run would do.</summary>
    Task<BatchPlan> PlanAsync(PlanOptions options, CancellationToken cancellationToken);

    /// <summary>Enters the input in the ledger and does the rows.</summary>
    /// <returns>How the batch stands then, with the <see cref="BatchSummary.Fault"/> that every other row would meet too.</returns>
    /// <exception cref="FaceGenException">The ledger cannot be used.</exception>
    Task<BatchSummary> RunAsync(BatchOptions options, CancellationToken cancellationToken);
}
