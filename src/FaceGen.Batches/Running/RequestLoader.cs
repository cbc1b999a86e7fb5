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
                ErrorCode.LedgerInvalid, $"The ledger '{ledger.Name}' does not contain the face image {missing}. Nothing is sent for the row. Restore the ledger from a backup."));
        }
    }
}

/// <summary>
/// Reads face images that the ledger stores, and caches the most recently used ones, so that rows that share an image read it once.
/// </summary>
/// <param name="ledger">The ledger.</param>
/// <param name="cancellationToken">Cancels every read.</param>
internal sealed class LedgerFaceCache(ILedger ledger, CancellationToken cancellationToken)
{
    /// <summary>The maximum size of the cache in bytes.</summary>
    internal const int Capacity = 32 * 1024 * 1024;

    private readonly object _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Hash, byte[] Bytes)>> _cached = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task<byte[]?>> _reading = new(StringComparer.Ordinal);

    /// <summary>The cached images, the least recently used one first.</summary>
    private readonly LinkedList<(string Hash, byte[] Bytes)> _leastRecentlyUsed = new();

    private long _size;

    /// <summary>Returns the bytes of an image; null if the ledger does not contain it.</summary>
    internal Task<byte[]?> ReadAsync(string hash)
    {
        lock (_gate)
        {
            if (_cached.TryGetValue(hash, out LinkedListNode<(string Hash, byte[] Bytes)>? cached))
            {
                _leastRecentlyUsed.Remove(cached);
                _leastRecentlyUsed.AddLast(cached);
                return Task.FromResult<byte[]?>(cached.Value.Bytes);
            }

            if (!_reading.TryGetValue(hash, out Task<byte[]?>? reading))
                _reading[hash] = reading = Task.Run(() => LoadAsync(hash), cancellationToken);
            return reading;
        }
    }

    private async Task<byte[]?> LoadAsync(string hash)
    {
        try
        {
            byte[]? bytes = await ledger.ReadFaceAsync(hash, cancellationToken).ConfigureAwait(false);
            if (bytes is { Length: <= Capacity }) Add(hash, bytes);
            return bytes;
        }
        finally
        {
            lock (_gate) _reading.Remove(hash);
        }
    }

    private void Add(string hash, byte[] bytes)
    {
        lock (_gate)
        {
            _cached[hash] = _leastRecentlyUsed.AddLast((hash, bytes));
            _size += bytes.Length;
            while (_size > Capacity)
            {
                (string oldest, byte[] dropped) = _leastRecentlyUsed.First!.Value;
                _leastRecentlyUsed.RemoveFirst();
                _cached.Remove(oldest);
                _size -= dropped.Length;
            }
        }
    }
}
