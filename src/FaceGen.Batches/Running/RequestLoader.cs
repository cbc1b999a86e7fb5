using FaceGen.Batches.Ledgers;

namespace FaceGen.Batches.Running;

/// <summary>Reads the requests of a ledger's rows.</summary>
/// <param name="ledger">The ledger.</param>
/// <param name="cancellationToken">Cancels every read.</param>
internal sealed class RequestLoader(ILedger ledger, CancellationToken cancellationToken)
{
    private readonly LedgerFaceCache _faces = new(ledger, cancellationToken);
    private readonly RequestSerializer _serializer = new();

    /// <summary>Returns the request of a row.</summary>
    /// <exception cref="FaceGenException">The row was edited by hand and is invalid, or the ledger cannot be read.</exception>
    internal async Task<Request> ReadAsync(LedgerRow row)
    {
        byte[]? face = RequestSerializer.FindStoredFace(row.Request) is { } hash ? await _faces.ReadAsync(hash).ConfigureAwait(false) : null;
        // The serializer's caches are not thread-safe.
        lock (_serializer)
        {
            return _serializer.Deserialize(row.Request, row.Source, missing => face ?? throw new FaceGenException(
                ErrorCode.LedgerInvalid, $"The ledger '{ledger.Name}' does not contain the face image {missing}."));
        }
    }
}
