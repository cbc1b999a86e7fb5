using FaceGen.BatchModel;

namespace FaceGen.Batches.Ledgers;

/// <summary>The number of rows per status.</summary>
/// <param name="ByStatus">The number of rows of each status that at least one row has.</param>
/// <param name="ClaimedByOthers">The number of rows that other live workers hold.</param>
/// <param name="RetryableUncertain">The number of uncertain rows that this worker has not submitted again.</param>
/// <param name="NearestExpiry">When the service deletes the first image that is not saved.</param>
internal sealed record LedgerCounts(
    IReadOnlyDictionary<BatchItemStatus, long> ByStatus, long ClaimedByOthers, long RetryableUncertain, DateTimeOffset? NearestExpiry)
{
    internal long this[BatchItemStatus status] => ByStatus.TryGetValue(status, out long count) ? count : 0;

    /// <summary>Returns the number of rows in some stages.</summary>
    internal long Count(params BatchStage[] stages) => BatchStages.GetStatuses(stages).Sum(status => this[status]);

    /// <summary>Returns the number of rows that a run has to process.</summary>
    internal long CountUnfinished(bool retryUncertain) =>
        Count(BatchStage.Pending, BatchStage.InFlight, BatchStage.Accepted) + (retryUncertain ? RetryableUncertain : 0);

    /// <summary>Returns the summary of a batch.</summary>
    internal BatchSummary ToSummary(string ledger) => new()
    {
        Ledger = ledger,
        Saved = this[BatchItemStatus.Saved],
        Filtered = this[BatchItemStatus.Filtered],
        Failed = this[BatchItemStatus.Failed],
        Expired = this[BatchItemStatus.Expired],
        Uncertain = this[BatchItemStatus.Uncertain],
        Pending = this[BatchItemStatus.Pending],
        InProgress = Count(BatchStage.InFlight, BatchStage.Accepted),
        NearestExpiry = NearestExpiry,
    };
}
