using FaceGen.Batches.Ledgers;
using FaceGen.Contract;

namespace FaceGen.Batches.Running;

/// <summary>Makes the requests of a ledger's rows again.</summary>
internal sealed class RowRequests(ILedger ledger, CancellationToken cancel)
{
    private readonly RequestText _text = new();

    /// <summary>The request of a row.</summary>
    /// <exception cref="FaceGenException">The ledger was changed by hand to something invalid.</exception>
    internal Request Read(LedgerRow row)
    {
        // The caches of faces inside are not made for several threads.
        lock (_text) return _text.Read(row.Request, row.Source, hash => ledger.ReadFaceAsync(hash, cancel).GetAwaiter().GetResult());
    }
}
