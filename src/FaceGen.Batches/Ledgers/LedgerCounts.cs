namespace FaceGen.Batches.Ledgers;

/// <summary>How many rows are how far.</summary>
/// <param name="ByStatus">The number of rows of each status; one that no row has is missing.</param>
/// <param name="ClaimedByOthers">How many rows other workers hold that are alive.</param>
/// <param name="RetryableUncertain">How many rows of unknown outcome this worker has not sent again.</param>
/// <param name="NearestExpiry">When the first image that is not saved is lost at the service.</param>
internal sealed record LedgerCounts(
    IReadOnlyDictionary<BatchItemStatus, long> ByStatus, long ClaimedByOthers, long RetryableUncertain, DateTimeOffset? NearestExpiry)
{
    internal long this[BatchItemStatus status] => ByStatus.TryGetValue(status, out long count) ? count : 0;
}
