using System.IO.Compression;

namespace FaceGen.Http;

/// <summary>
/// Decompresses bodies. The bytes decide and not <c>Content-Encoding</c>: servers label plain files as compressed, and send
/// files that were stored compressed without a label.
/// </summary>
internal static class BodyDecompressor
{
    /// <summary>How often a body may be compressed: once when the file was stored, and once in transfer.</summary>
    private const int MaxLayers = 2;

    private const int BufferSize = 64 * 1024;

    /// <summary>True if a body begins as plain text does: it is not compressed.</summary>
    internal static bool IsText(ReadOnlySpan<byte> body)
    {
        foreach (byte b in body.Slice(0, Math.Min(body.Length, 256)))
        {
            if (b < ' ' && b is not ((byte)'\t' or (byte)'\r' or (byte)'\n')) return false;
        }

        return true;
    }

    /// <summary>Reads what is inside a compressed body.</summary>
    /// <typeparam name="T">What is read.</typeparam>
    /// <param name="body">The body.</param>
    /// <param name="maxBytes">The largest content, in bytes; more is not decompressed.</param>
    /// <param name="read">Reads decompressed bytes; null where they are not what is looked for.</param>
    /// <returns>The result; null where no compression leads to it.</returns>
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

        // Servers call two things "deflate": with the two bytes of zlib before it, and without.
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

    /// <summary>The decompressed bytes; null where they are not compressed in this way, or are too many.</summary>
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
