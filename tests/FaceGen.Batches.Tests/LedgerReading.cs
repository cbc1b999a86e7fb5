using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;

namespace FaceGen.Batches.Tests;

/// <summary>Reads a ledger in tests that look at its rows as one list.</summary>
internal static class LedgerReading
{
    internal static IEnumerable<LedgerRow> Read(
        this ILedger ledger, IReadOnlyCollection<BatchItemStatus> statuses, Action<FaceGenException>? leaveOut = null, CancellationToken cancel = default) =>
        ledger.ReadAsync(statuses, leaveOut, cancel).ToBlockingEnumerable(cancel);
}
