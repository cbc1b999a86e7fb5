using FaceGen.Batches.Ledgers;

namespace FaceGen.Batches.Tests;

/// <summary>Reads a ledger in tests that look at its rows as one list.</summary>
internal static class LedgerExtensions
{
    internal static IEnumerable<LedgerRow> Read(
        this ILedger ledger, IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow = null, CancellationToken cancellationToken = default) =>
        ledger.ReadAsync(statuses, onInvalidRow, cancellationToken).ToBlockingEnumerable(cancellationToken);
}
