using System.Buffers;
using System.IO.Compression;

namespace FaceGen.ImageFormats;

/// <summary>Decompresses the pixels of a PNG without keeping them, to check that all of them are there.</summary>
internal static class PngPixels
{
    /// <summary>The length of the zlib header.</summary>
    private const int HeaderLength = 2;

    /// <summary>The seven passes of an interlaced PNG: first column, first row, and steps.</summary>
    private static readonly (int X, int Y, int StepX, int StepY)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>True if the data of a PNG decompresses to every pixel that its header declares.</summary>
    /// <param name="png">The PNG; the chunks up to its pixels have been checked.</param>
    /// <param name="header">The data of its IHDR.</param>
    /// <param name="width">The width in pixels, which has been checked.</param>
    /// <param name="height">The height in pixels, which has been checked.</param>
    internal static bool AreComplete(ReadOnlySpan<byte> png, ReadOnlySpan<byte> header, int width, int height)
    {
        if (GetDataLength(header, width, height) is not { } expected) return false;

        byte[] compressed = ArrayPool<byte>.Shared.Rent(png.Length);
        byte[] pixels = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int length = 0;
            for (var chunks = new PngChunks(png); chunks.MoveNext();)
            {
                if (!chunks.Type.SequenceEqual("IDAT"u8)) continue;

                chunks.Data.CopyTo(compressed.AsSpan(length));
                length += chunks.Data.Length;
            }

            if (length <= HeaderLength) return false;

            using var stream = new DeflateStream(new MemoryStream(compressed, HeaderLength, length - HeaderLength), CompressionMode.Decompress);
            while (expected > 0)
            {
                int read = stream.Read(pixels, 0, (int)Math.Min(pixels.Length, expected));
                if (read == 0) return false;
                expected -= read;
            }

            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(pixels);
            ArrayPool<byte>.Shared.Return(compressed);
        }
    }

    /// <summary>Returns the number of bytes of the pixels and their filters; null if the header is invalid.</summary>
    private static long? GetDataLength(ReadOnlySpan<byte> header, int width, int height)
    {
        (byte depth, byte color, byte interlace) = (header[8], header[9], header[12]);
        int channels = color switch { 0 or 3 => 1, 2 => 3, 4 => 2, 6 => 4, _ => 0 };
        bool isKnown = depth == 8 || (depth == 16 && color != 3) || (depth is 1 or 2 or 4 && color is 0 or 3);
        if (channels == 0 || !isKnown || interlace > 1) return null;

        int bits = channels * depth;
        if (interlace == 0) return GetRowsLength(width, height, bits);

        long length = 0;
        foreach ((int x, int y, int stepX, int stepY) in Passes)
            length += GetRowsLength((width - x + stepX - 1) / stepX, (height - y + stepY - 1) / stepY, bits);
        return length;
    }

    private static long GetRowsLength(int width, int height, int bits) => width <= 0 || height <= 0 ? 0 : height * (1 + ((((long)width * bits) + 7) / 8));
}
