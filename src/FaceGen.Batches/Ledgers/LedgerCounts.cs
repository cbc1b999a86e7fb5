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
}
