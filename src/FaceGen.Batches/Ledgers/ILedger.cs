using FaceGen.BatchModel;

namespace FaceGen.Batches.Ledgers;

/// <summary>
/// The ledger of a batch records each step of each row on disk before the next step begins. Opening it for writing registers a worker.
/// The rows of a dead worker can be claimed by another one.
/// </summary>
/// <remarks>
/// A call that writes returns when the data is on disk. A call retries while the database is unreachable, and logs that. A full disk is
/// an error with the code <see cref="ErrorCode.LedgerNotWritten"/>, after which the same call can be repeated.
/// </remarks>
internal interface ILedger : IAsyncDisposable
{
    /// <summary>Gets the name for messages: the full path of a file, or the server, database and schema.</summary>
    string Name { get; }

    /// <summary>True if other workers can work on the rows at the same time.</summary>
    bool IsShared { get; }

    /// <summary>Gets or sets a value that is true if staged rows are skipped that have the same request as a row before them.</summary>
    bool SkipDuplicates { get; set; }

    /// <summary>
    /// Stages rows of the input, in its order. They are not visible in the ledger before they are imported. The rows are written in the
    /// background; the next call reports it if they cannot be written.
    /// </summary>
    /// <param name="rows">The rows.</param>
    /// <param name="fallbackFolder">The folder that stores the rows if the temporary folder is not writable; null for none.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task StageAsync(IReadOnlyList<InputRow> rows, string? fallbackFolder, CancellationToken cancellationToken);

    /// <summary>Returns what a run of the staged rows would do.</summary>
    Task<BatchPlan> PlanAsync(PlanOptions options, CancellationToken cancellationToken);

    /// <summary>
    /// Imports the staged rows, all or none. A row is identified by its hash and its occurrence among the rows with that hash. Only the
    /// rows of the latest input are wanted; of several workers at the same time, the rows of all their inputs.
    /// </summary>
    Task ImportAsync(bool retryFailed, CancellationToken cancellationToken);

    /// <summary>
    /// Claims the next wanted rows that are pending, in the order of the input: their status becomes
    /// <see cref="BatchItemStatus.Submitting"/>, with one more attempt. There are none if the rows of all workers fill the account's queue.
    /// </summary>
    /// <param name="options">Which rows, and how many.</param>
    /// <param name="cancellationToken">Cancels the call; a row that was already claimed is released by the next worker.</param>
    Task<IReadOnlyList<LedgerRow>> ClaimPendingAsync(ClaimOptions options, CancellationToken cancellationToken);

    /// <summary>
    /// Claims rows that no live worker holds, the nearest expiry first: accepted and generated rows, and rows that were in flight, which
    /// become <see cref="BatchItemStatus.Uncertain"/>. Rows that a dead worker claimed and did not submit are pending again. Rows of
    /// another service are not claimed.
    /// </summary>
    /// <param name="address">The root address of the service.</param>
    /// <param name="limit">The maximum number of rows.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<IReadOnlyList<LedgerRow>> ClaimAbandonedAsync(Uri address, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Writes a claimed row. False if another worker has claimed it since: then nothing was written, and this worker must not act on the
    /// row. Exception: an <see cref="BatchItemStatus.Uncertain"/> row that no worker holds can be written, under its fence, by a worker
    /// that learned the outcome of the same attempt (it lost its claim while the submission was in flight, or found the generation).
    /// </summary>
    /// <param name="row">The row with its new values.</param>
    /// <param name="release">True to release the claim.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<bool> WriteAsync(LedgerRow row, bool release, CancellationToken cancellationToken);

    /// <summary>Returns the number of rows per status: of wanted rows, and of rows in progress whether wanted or not.</summary>
    Task<LedgerCounts> CountAsync(CancellationToken cancellationToken);

    /// <summary>Returns what all runs of the batch have done so far.</summary>
    Task<LedgerHistory> ReadHistoryAsync(CancellationToken cancellationToken);

    /// <summary>Records the price of an image that this worker found, with its currency; null if that is unknown.</summary>
    Task RecordPriceAsync(decimal price, string? currency, CancellationToken cancellationToken);

    /// <summary>Reads rows lazily, in the order of the input.</summary>
    /// <param name="statuses">The statuses to read; empty for all.</param>
    /// <param name="onInvalidRow">Is called for each row that was edited by hand and is invalid, which is skipped; null to throw.</param>
    /// <param name="cancellationToken">Ends the reading, also while the database is unreachable.</param>
    IAsyncEnumerable<LedgerRow> ReadAsync(
        IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Returns one row for each local face image of the next rows to claim, in the order in which they are claimed.
    /// </summary>
    Task<IReadOnlyList<LedgerRow>> ReadNextFacesAsync(int rows, bool retryUncertain, CancellationToken cancellationToken);

    /// <summary>Returns the bytes of a face image that was imported with the input; null if the ledger does not contain it.</summary>
    Task<byte[]?> ReadFaceAsync(string hash, CancellationToken cancellationToken);

    /// <summary>Returns those of the service's ids that no row has or had.</summary>
    Task<IReadOnlyList<string>> FindUnknownIdsAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken);
}

/// <summary>Specifies which pending rows to claim.</summary>
/// <param name="Address">The root address of the service.</param>
/// <param name="QueueLimit">The number of slots of the account's queue, which the rows of all workers share.</param>
internal sealed record ClaimOptions(Uri Address, int QueueLimit)
{
    /// <summary>Gets the maximum number of rows.</summary>
    internal int MaxRows { get; init; } = 1;

    /// <summary>Gets the face images whose rows can be claimed: rows with others are passed over, within a limit. Null for all images.</summary>
    internal IReadOnlyCollection<string>? ReadyFaces { get; init; }

    /// <summary>
    /// True to claim uncertain rows if none is pending, once their submission has likely ended at the service. Such a row keeps its error
    /// and is never pending, so that no other worker submits it. A row that this worker itself left uncertain is not claimed.
    /// </summary>
    internal bool RetryUncertain { get; init; }
}
