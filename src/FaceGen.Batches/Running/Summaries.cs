using FaceGen.Batches.Ledgers;

namespace FaceGen.Batches.Running;

/// <summary>Makes summaries of counts.</summary>
internal static class Summaries
{
    internal static BatchSummary Create(string ledger, LedgerCounts counts) => new()
    {
        Ledger = ledger,
        Saved = counts[BatchItemStatus.Saved],
        Filtered = counts[BatchItemStatus.Filtered],
        Failed = counts[BatchItemStatus.Failed],
        Expired = counts[BatchItemStatus.Expired],
        Uncertain = counts[BatchItemStatus.Uncertain],
        Pending = counts[BatchItemStatus.Pending],
        UnderWay = counts[BatchItemStatus.Submitting] + counts[BatchItemStatus.Submitted] + counts[BatchItemStatus.Generated],
        NearestExpiry = counts.NearestExpiry,
    };
}
