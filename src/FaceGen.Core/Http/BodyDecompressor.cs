using System.IO.Compression;

namespace FaceGen.Http;

/// <summary>
/// Decompresses bodies by their bytes and not by <c>Content-Encoding</c>, which servers also send for plain files and omit for
/// files that were stored compressed.
/// </summary>
internal static class BodyDecompressor
{
    /// <summary>The maximum number of compressions of a body: one when the file was stored, and one in transfer.</summary>
    private const int MaxLayers = 2;

    private const int BufferSize = 64 * 1024;

    /// <summary>True if a body starts with plain text and so is not compressed.</summary>
    internal static bool IsText(ReadOnlySpan<byte> body)
    {
        foreach (byte b in body.Slice(0, Math.Min(body.Length, 256)))
        {
            if (b < ' ' && b is not ((byte)'\t' or (byte)'\r' or (byte)'\n')) return false;
        }

        return true;
    }

    /// <summary>Reads the content of a compressed body.</summary>
    /// <typeparam name="T">The type of the result.</typeparam>
    /// <param name="body">The body.</param>
    /// <param name="maxBytes">The maximum size of the decompressed content, in bytes.</param>
    /// <param name="read">Reads decompressed bytes; returns null if they are not the expected content.</param>
    /// <returns>The result; null if no decompression gives the expected content.</returns>
    internal static T? TryRead<T>(ArraySegment<byte> body, int maxBytes, Func<ArraySegment<byte>, T?> read)
        where T : class => TryRead(body, maxBytes, read, MaxLayers);

    private static T? TryRead<T>(ArraySegment<byte> body, int maxBytes, Func<ArraySegment<byte>, T?> read, int layers)
        where T : class
    {
        foreach (Func<Stream, Stream> decompressor in GetDecompressors(body))
        {
            if (Decompress(body, maxBytes, decompressor) is not { } content) continue;
            if ((read(content) ?? (layers > 1 ? TryRead(content, maxBytes, read, layers - 1) : null)) is { } found) return found;
        }

        return null;
    }

    private static IEnumerable<Func<Stream, Stream>> GetDecompressors(ReadOnlyMemory<byte> body)
    {
        if (body.Span is [0x1F, 0x8B, 8, ..])
        {
            yield return packed => new GZipStream(packed, CompressionMode.Decompress);
            yield break;
        }

        // Servers send "deflate" with the two bytes of the zlib header, and without.
        if (body.Span is [var method, var check, ..] && (method & 0x0F) == 8 && ((method << 8) | check) % 31 == 0)
        {
            yield return packed =>
            {
                packed.Position = 2;
                return new DeflateStream(packed, CompressionMode.Decompress);
            };
        }

        yield return packed => new DeflateStream(packed, CompressionMode.Decompress);
#if !NETSTANDARD
        yield return packed => new BrotliStream(packed, CompressionMode.Decompress);
#endif
    }

    /// <summary>Returns the decompressed bytes; null if the body has another compression, or the content is too large.</summary>
    private static ArraySegment<byte>? Decompress(ArraySegment<byte> body, int maxBytes, Func<Stream, Stream> decompressor)
    {
        using Stream stream = decompressor(new MemoryStream(body.Array!, body.Offset, body.Count, writable: false));
        var content = new MemoryStream();
        byte[] buffer = new byte[BufferSize];
        try
        {
            int read;
            while ((read = stream.Read(buffer, 0, buffer.Length)) > 0)
            {
                if (content.Length + read > maxBytes) return null;
                content.Write(buffer, 0, read);
            }
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            return null;
        }

        if (content.Length == 0) return null;
        return new ArraySegment<byte>(content.GetBuffer(), 0, (int)content.Length);
    }
}
