using FaceGen.BatchModel;

namespace FaceGen.Batches.Ledgers;

/// <summary>
/// The ledger of a batch: what became of each row, on disk before the next thing happens. One that is opened to be
/// written makes its opener a worker; workers that died are noticed, and what they had begun can be taken over.
/// </summary>
/// <remarks>
/// Every call that writes has reached the disk when it returns. A database that cannot be reached for a while is waited
/// for (a listener is told); a disk that is full is an error of the code <see cref="ErrorCode.LedgerNotWritten"/>, after
/// which the same call may be made again.
/// </remarks>
internal interface ILedger : IAsyncDisposable
{
    /// <summary>What stands for it in messages: a file's full path, or the server, database and schema.</summary>
    string Name { get; }

    /// <summary>Gets a value that is true if other workers can work on the rows at the same time.</summary>
    bool IsShared { get; }

    /// <summary>Whether staged rows are left out that ask for the same as a row before them.</summary>
    bool SkipDuplicates { get; set; }

    /// <summary>Takes in more rows of an input, in its order. They do not show in the ledger before they are entered.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="fallbackFolder">Where the rows are kept until then if the temporary folder cannot be written; null for nowhere else.</param>
    Task StageAsync(IReadOnlyList<InputRow> rows, CancellationToken cancellationToken, string? fallbackFolder = null);

    /// <summary>What a run of the staged rows would do.</summary>
    Task<BatchPlan> PlanAsync(bool retryFailed, bool retryUncertain, CancellationToken cancellationToken, long? maxImages = null);

    /// <summary>
    /// Enters the staged rows, all or none: a row is known by its hash and by which of the rows with that hash it is. Only
    /// rows of the latest input are wanted, and of several workers' inputs where they work at the same time.
    /// </summary>
    Task ImportAsync(bool retryFailed, CancellationToken cancellationToken);

    /// <summary>
    /// Takes the next wanted row that is pending: it is <see cref="BatchItemStatus.Submitting"/> then, with one more
    /// attempt. Null where there is none, or where the account's places are all filled by the rows of all workers.
    /// </summary>
    /// <param name="address">The root of the service.</param>
    /// <param name="queueLimit">How many places the account's queue has.</param>
    /// <param name="cancellationToken">Ends the call; a row that was taken is then given back by the next worker.</param>
    /// <param name="pendingFaces">The face images whose rows are not taken yet; near ones behind them are.</param>
    /// <param name="retryUncertain">
    /// Whether a row of unknown outcome is taken where none is pending, once its submission has likely come to its end at the
    /// service. It keeps the error that tells of it, and is never pending, so that nobody else sends it; one that this worker itself has left uncertain is not taken again.
    /// </param>
    Task<LedgerRow?> ClaimPendingAsync(
        Uri address, int queueLimit, CancellationToken cancellationToken, IReadOnlyCollection<string>? pendingFaces = null, bool retryUncertain = false);

    /// <summary>
    /// Takes rows over that nobody works on any more, the nearest expiry first: those that are accepted or generated, and
    /// those that were being sent, which are <see cref="BatchItemStatus.Uncertain"/> then. What a dead worker had taken and
    /// not sent is pending again. Rows that were sent to another service are left alone.
    /// </summary>
    /// <param name="address">The root of the service.</param>
    /// <param name="limit">How many rows to take at most.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<LedgerRow>> ClaimAbandonedAsync(Uri address, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Writes what has become of a row that was taken. False where somebody else has taken it over: then nothing was
    /// written, and the row is to be left alone. One exception: a row that is <see cref="BatchItemStatus.Uncertain"/> after
    /// the same attempt, and that nobody holds, is taken by whoever knows more of it (somebody who was taken for dead while
    /// the submission was on its way, and hears that it was accepted or refused, or who found its generation at the service),
    /// under the fence that the row brings.
    /// </summary>
    /// <param name="row">The row as it is now.</param>
    /// <param name="release">Whether nobody works on it from now on.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<bool> WriteAsync(LedgerRow row, bool release, CancellationToken cancellationToken);

    /// <summary>How many wanted rows are how far, and those that are unfinished whether wanted or not.</summary>
    Task<LedgerCounts> CountAsync(CancellationToken cancellationToken);

    /// <summary>Reads rows in the order of the input, as they are taken.</summary>
    /// <param name="statuses">Which rows; empty for all.</param>
    /// <param name="onInvalidRow">
    /// Is told of each row that was changed by hand to something invalid, which is left out; where it is null, such a row is
    /// an error.
    /// </param>
    /// <param name="cancellationToken">Ends the reading, also while the database cannot be reached.</param>
    IAsyncEnumerable<LedgerRow> ReadAsync(
        IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// For each face image that is worth an upload, because more than one row that is to be sent uses it, one of these rows; in
    /// the order of the input.
    /// </summary>
    Task<IReadOnlyList<LedgerRow>> ReadSharedFacesAsync(int limit, CancellationToken cancellationToken, bool retryUncertain = false);

    /// <summary>Returns the bytes of a face image that was entered with the input; null if the ledger does not hold it.</summary>
    Task<byte[]?> ReadFaceAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Which of the service's ids no row has.</summary>
    Task<IReadOnlyList<string>> FindUnknownIdsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken);
}
