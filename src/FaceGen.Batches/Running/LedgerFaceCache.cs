using FaceGen.Batches.Ledgers;

namespace FaceGen.Batches.Running;

/// <summary>
/// Reads the face images that the ledger itself holds, and caches those that were used last: rows that share an image
/// read it once.
/// </summary>
/// <param name="ledger">The ledger.</param>
/// <param name="cancellationToken">Ends every read.</param>
internal sealed class LedgerFaceCache(ILedger ledger, CancellationToken cancellationToken)
{
    /// <summary>How many bytes the cache holds at most.</summary>
    internal const int Capacity = 32 * 1024 * 1024;

    private readonly object _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Hash, byte[] Bytes)>> _cached = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task<byte[]?>> _reading = new(StringComparer.Ordinal);

    /// <summary>The cached images, the one that was used last at the end.</summary>
    private readonly LinkedList<(string Hash, byte[] Bytes)> _leastRecentlyUsed = new();

    private long _size;

    /// <summary>Returns the bytes of an image; null if the ledger does not hold it.</summary>
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
