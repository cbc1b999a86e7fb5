using FaceGen.Batches.Ledgers;

namespace FaceGen.Batches.Tests;

/// <summary>Short forms of a ledger's calls.</summary>
internal static class LedgerExtensions
{
    internal static IEnumerable<LedgerRow> Read(
        this ILedger ledger, IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? onInvalidRow = null, CancellationToken cancellationToken = default) =>
        ledger.ReadAsync(statuses, onInvalidRow, cancellationToken).ToBlockingEnumerable(cancellationToken);

    /// <summary>Claims one row.</summary>
    internal static async Task<LedgerRow?> ClaimPendingAsync(
        this ILedger ledger, Uri address, int queueLimit, IReadOnlyCollection<string>? readyFaces = null, bool retryUncertain = false, CancellationToken cancellationToken = default) =>
        (await ledger.ClaimPendingAsync(new ClaimOptions(address, queueLimit) { ReadyFaces = readyFaces, RetryUncertain = retryUncertain }, cancellationToken)).SingleOrDefault();
}
