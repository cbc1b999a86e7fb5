using System.Buffers.Binary;
using System.IO.Hashing;
using System.IO.Compression;

namespace FaceGen.Core.Tests.Support;

/// <summary>Creates images byte by byte. Checksums of the pixels are zero: the engine does not check them.</summary>
internal static class TestImages
{
    /// <summary>Gets a small valid image that is not blank.</summary>
    internal static byte[] Portrait { get; } = Png(80, 90, (x, y, channel) => (byte)((x * 31) + (y * 17) + (channel * 50)));

    /// <summary>Creates a PNG of 8-bit pixels.</summary>
    /// <param name="width">The width.</param>
    /// <param name="height">The height.</param>
    /// <param name="pixel">The value by column, row and channel.</param>
    /// <param name="filter">The filter of every row, 0 to 4.</param>
    /// <param name="colorType">0 gray, 2 RGB, 4 gray with alpha, 6 RGBA.</param>
    internal static byte[] Png(int width, int height, Func<int, int, int, byte> pixel, int filter = 0, int colorType = 2)
    {
        int channels = colorType switch { 0 => 1, 4 => 2, 6 => 4, _ => 3 };
        byte At(int x, int y, int channel) => x < 0 || y < 0 ? (byte)0 : pixel(x, y, channel);

        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (int y = 0; y < height; y++)
            {
                zlib.WriteByte((byte)filter);
                for (int x = 0; x < width; x++)
                {
                    for (int c = 0; c < channels; c++)
                    {
                        int left = At(x - 1, y, c), above = At(x, y - 1, c), corner = x < 1 ? 0 : At(x - 1, y - 1, c);
                        zlib.WriteByte((byte)(At(x, y, c) - filter switch
                        {
                            1 => left,
                            2 => above,
                            3 => (left + above) / 2,
                            4 => Paeth(left, above, corner),
                            _ => 0,
                        }));
                    }
                }
            }
        }

        return PngFromRows(width, height, colorType, data.ToArray());
    }

    /// <summary>Creates a PNG of compressed rows, with chunks before them.</summary>
    internal static byte[] PngFromRows(
        int width, int height, int colorType, byte[] data, int depth = 8, bool interlaced = false, params (string Type, byte[] Data)[] before)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)depth, (byte)colorType, (byte)(interlaced ? 1 : 0));
        return
        [
            0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, .. Chunk("IHDR"u8, header),
            .. before.SelectMany(chunk => Chunk(System.Text.Encoding.ASCII.GetBytes(chunk.Type), chunk.Data)),
            .. Chunk("IDAT"u8, data), .. Chunk("IEND"u8, []),
        ];
    }

    /// <summary>Compresses bytes like the rows of a PNG.</summary>
    internal static byte[] Compress(params byte[] rows)
    {
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(rows);
        return data.ToArray();
    }

    /// <summary>Returns the chunks of a PNG, and checks their sums.</summary>
    internal static IReadOnlyList<(string Type, byte[] Data)> Chunks(byte[] png)
    {
        List<(string, byte[])> chunks = [];
        for (int at = 8; at < png.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            ReadOnlySpan<byte> summed = png.AsSpan(at + 4, 4 + length);
            Assert.Equal(Crc32.HashToUInt32(summed), BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at + 8 + length)));
            chunks.Add((System.Text.Encoding.ASCII.GetString(summed.Slice(0, 4)), summed.Slice(4).ToArray()));
            at += 12 + length;
        }

        return chunks;
    }

    /// <summary>Creates a JPEG with a valid structure; its pixels are <paramref name="scanLength"/> zero bytes.</summary>
    internal static byte[] Jpeg(int width, int height, int scanLength = 20) =>
    [
        0xFF, 0xD8,
        0xFF, 0xE0, 0, 16, .. "JFIF\0"u8, 1, 1, 0, 0, 1, 0, 1, 0, 0,
        // The thumbnail of a camera: its end marker does not end the image.
        0xFF, 0xE1, 0, 8, 0xFF, 0xD8, 0xFF, 0xDA, 0xFF, 0xD9,
        0xFF, 0xC0, 0, 17, 8, .. BigEndian(height), .. BigEndian(width), 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1,
        0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0,
        .. Enumerable.Range(0, scanLength).Select(i => (byte)(i % 251)), 0xFF, 0x00, 0xFF, 0xD9,
    ];

    /// <summary>Creates a gray JPEG of one color, as an encoder with tables for this image writes it: its scan is all zeros.</summary>
    internal static byte[] FlatJpeg(int width, int height)
    {
        // One code of one bit in either table: no difference, and the end of the block.
        byte[] table = [1, .. new byte[15], 0];
        int blocks = (width + 7) / 8 * ((height + 7) / 8);
        return
        [
            0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)8, 64),
            0xFF, 0xC0, 0, 11, 8, .. BigEndian(height), .. BigEndian(width), 1, 1, 0x11, 0,
            0xFF, 0xC4, 0, 20, 0x00, .. table, 0xFF, 0xC4, 0, 20, 0x10, .. table,
            0xFF, 0xDA, 0, 8, 1, 1, 0x00, 0, 63, 0,
            .. new byte[blocks / 4], .. blocks % 4 == 0 ? [] : new[] { (byte)(0xFF >> (blocks % 4 * 2)) }, 0xFF, 0xD9,
        ];
    }

    /// <summary>Creates a lossy WebP.</summary>
    internal static byte[] WebPLossy(int width, int height) => Riff("VP8 "u8,
        [0x10, 0, 0, 0x9D, 0x01, 0x2A, .. LittleEndian(width), .. LittleEndian(height), 1, 2, 3, 4]);

    /// <summary>Creates a lossless WebP.</summary>
    internal static byte[] WebPLossless(int width, int height)
    {
        byte[] bits = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bits, (uint)(width - 1) | ((uint)(height - 1) << 14));
        return Riff("VP8L"u8, [0x2F, .. bits, 1, 2, 3, 4, 5]);
    }

    /// <summary>Creates an extended WebP.</summary>
    internal static byte[] WebPExtended(int width, int height) => Riff("VP8X"u8,
        [0, 0, 0, 0, .. Int24(width - 1), .. Int24(height - 1), .. "VP8L"u8, 6, 0, 0, 0, 0x2F, 0, 0, 0, 0, 0], chunkLength: 10);

    private static byte[] Riff(ReadOnlySpan<byte> type, byte[] data, int? chunkLength = null)
    {
        byte[] whole = new byte[4], chunk = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(whole, 12 + data.Length);
        BinaryPrimitives.WriteInt32LittleEndian(chunk, chunkLength ?? data.Length);
        return [.. "RIFF"u8, .. whole, .. "WEBP"u8, .. type, .. chunk, .. data];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] data)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        byte[] sum = Crc32.Hash([.. type, .. data]);
        Array.Reverse(sum);
        return [.. length, .. type, .. data, .. sum];
    }

    private static byte[] BigEndian(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] LittleEndian(int value) => [(byte)value, (byte)(value >> 8)];

    private static byte[] Int24(int value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16)];

    private static int Paeth(int left, int above, int corner)
    {
        int estimate = left + above - corner;
        return new[] { left, above, corner }.MinBy(neighbour => Math.Abs(estimate - neighbour));
    }
}
