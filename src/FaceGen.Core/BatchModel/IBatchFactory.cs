namespace FaceGen.BatchModel;

/// <summary>
/// Opens batches. It stands here, and is implemented in FaceGen.Batches, so that the packages that ledgers need are
/// loaded only when there is one.
/// </summary>
internal interface IBatchFactory
{
    /// <summary>Opens the batch of a ledger, to run it.</summary>
    /// <param name="ledger">Where the ledger is. One that is not there is made by the run.</param>
    /// <param name="connection">The connection of the run.</param>
    /// <param name="observer">Is told what becomes of the rows, and what is waited for.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="FaceGenException">The ledger is in use, damaged, of a newer version, or cannot be reached.</exception>
    Task<IBatch> OpenAsync(LedgerLocation ledger, Connection connection, IBatchObserver observer, CancellationToken cancellationToken);

    /// <summary>Opens the batch of a ledger to plan a run: nothing is written, and no ledger is made.</summary>
    /// <exception cref="FaceGenException">The ledger is damaged, of a newer version, or cannot be reached.</exception>
    Task<IBatch> OpenForPlanningAsync(LedgerLocation ledger, CancellationToken cancellationToken);

    /// <summary>How the batch of a ledger stands.</summary>
    /// <exception cref="FaceGenException">There is no such ledger, or it cannot be read.</exception>
    Task<BatchSummary> SummarizeAsync(LedgerLocation ledger, CancellationToken cancellationToken);

    /// <summary>The rows of a ledger, in the order of the input, read as they are taken.</summary>
    /// <param name="ledger">Where the ledger is.</param>
    /// <param name="statuses">Which rows; empty for all.</param>
    /// <param name="onInvalidRow">Is told, on any thread, of each row that was changed by hand to something invalid.</param>
    /// <param name="cancellationToken">Ends the reading, also while the database cannot be reached.</param>
    /// <exception cref="FaceGenException">There is no such ledger, or it cannot be read.</exception>
    IEnumerable<BatchItem> ReadItems(
        LedgerLocation ledger, IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException> onInvalidRow, CancellationToken cancellationToken);
}
