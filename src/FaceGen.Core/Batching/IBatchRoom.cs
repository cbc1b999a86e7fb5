using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Batching;

/// <summary>
/// Opens batches. It stands here, and is implemented in FaceGen.Batches, so that the packages that ledgers need are
/// loaded only when there is one.
/// </summary>
internal interface IBatchRoom
{
    /// <summary>Opens the batch of a ledger, to run it.</summary>
    /// <param name="ledger">Where the ledger is. One that is not there is made by the run.</param>
    /// <param name="connection">The connection of the run.</param>
    /// <param name="listener">Is told what becomes of the rows, and what is waited for.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="FaceGenException">The ledger is in use, damaged, of a newer version, or cannot be reached.</exception>
    Task<IBatch> OpenAsync(LedgerLocation ledger, Connection connection, IBatchListener listener, CancellationToken cancel);

    /// <summary>Opens the batch of a ledger to plan a run: nothing is written, and no ledger is made.</summary>
    /// <exception cref="FaceGenException">The ledger is damaged, of a newer version, or cannot be reached.</exception>
    Task<IBatch> OpenToPlanAsync(LedgerLocation ledger, CancellationToken cancel);

    /// <summary>How the batch of a ledger stands.</summary>
    /// <exception cref="FaceGenException">There is no such ledger, or it cannot be read.</exception>
    Task<BatchSummary> SummarizeAsync(LedgerLocation ledger, CancellationToken cancel);

    /// <summary>The rows of a ledger, in the order of the input, read as they are taken.</summary>
    /// <param name="ledger">Where the ledger is.</param>
    /// <param name="statuses">Which rows; empty for all.</param>
    /// <param name="leaveOut">Is told, on any thread, of each row that was changed by hand to something invalid.</param>
    /// <param name="cancellationToken">Ends the reading, also while the database cannot be reached.</param>
    /// <exception cref="FaceGenException">There is no such ledger, or it cannot be read.</exception>
    IEnumerable<BatchItem> ReadItems(
        LedgerLocation ledger, IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException> leaveOut, CancellationToken cancellationToken);
}
