using FaceGen.Batches.Ledgers;

namespace FaceGen.Batches.Tests;

/// <summary>Reads the rows of a ledger as one sequence.</summary>
internal static class LedgerExtensions
{
    internal static IEnumerable<LedgerRow> Read(
        this ILedger ledger, IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow = null, CancellationToken cancellationToken = default) =>
        ledger.ReadAsync(statuses, onInvalidRow, cancellationToken).ToBlockingEnumerable(cancellationToken);
}
