using FaceGen.Batches.Ledgers;

namespace FaceGen.Batches.Running;

/// <summary>Reads the requests of a ledger's rows.</summary>
/// <param name="ledger">The ledger.</param>
/// <param name="cancellationToken">Ends every read.</param>
internal sealed class RequestLoader(ILedger ledger, CancellationToken cancellationToken)
{
    private readonly LedgerFaceCache _faces = new(ledger, cancellationToken);
    private readonly RequestSerializer _serializer = new();

    /// <summary>Returns the request of a row.</summary>
    /// <exception cref="FaceGenException">The ledger was changed by hand to something invalid, or cannot be read.</exception>
    internal async Task<Request> ReadAsync(LedgerRow row)
    {
        byte[]? face = RequestSerializer.FindStoredFace(row.Request) is { } hash ? await _faces.ReadAsync(hash).ConfigureAwait(false) : null;
        // The caches of faces inside are not made for several threads.
        lock (_serializer)
        {
            return _serializer.Deserialize(row.Request, row.Source, missing => face ?? throw new FaceGenException(
                ErrorCode.LedgerInvalid, $"The ledger '{ledger.Name}' does not hold the face image {missing}."));
        }
    }
}
