using System.IO.Compression;

namespace FaceGen.ImageFormats;

/// <summary>
/// Tells a picture with nothing in it, which is what a censored one comes back as: all black, or all of one colour.
/// </summary>
internal static class BlankImage
{
    /// <summary>
    /// Bytes a pixel below which a JPEG is of one colour: a flat one needs some 0.018, the plainest portrait several
    /// times as much.
    /// </summary>
    private const double FlatJpegDensity = 0.022;

    /// <summary>The same for a WebP, which packs a flat picture into almost nothing.</summary>
    private const double FlatWebPDensity = 0.003;

    /// <summary>The same for a GIF, which packs runs of a color into codes that grow slowly.</summary>
    private const double FlatGifDensity = 0.006;

    /// <summary>The same for formats that may not be compressed at all, once they are.</summary>
    private const double FlatDeflateDensity = 0.006;

    /// <summary>Room for a JPEG's tables and headers.</summary>
    private const int JpegOverhead = 1024;

    /// <summary>Room for a GIF's colors.</summary>
    private const int GifOverhead = 256 * 3;

    /// <summary>The smallest picture that is judged: fewer pixels can honestly be alike.</summary>
    private const int MinPixels = 64 * 64;

    /// <summary>How far a channel may lie from black, or from the first pixel, to count as the same.</summary>
    private const int Tolerance = 8;

    /// <summary>The share of black pixels that makes a picture censored: a caption may remain.</summary>
    private const double MinBlackShare = 0.85;

    /// <summary>The share of pixels like the first that leaves nothing to see.</summary>
    private const double MinUniformShare = 0.995;

    private static readonly byte[] Black = [0, 0, 0];

    internal static bool IsBlank(ReadOnlyMemory<byte> image, ImageInfo info)
    {
        long pixels = (long)info.Width * info.Height;
        if (pixels < MinPixels) return false;

        return info.Format switch
        {
            ImageFormat.Png => IsFlatPng(image, info),
            ImageFormat.Jpeg => image.Length - JpegOverhead < pixels * FlatJpegDensity,
            ImageFormat.Gif => image.Length - GifOverhead < pixels * FlatGifDensity,
            ImageFormat.Bmp or ImageFormat.Tiff => GetDeflatedLength(image) < pixels * FlatDeflateDensity,
            _ => image.Length < pixels * FlatWebPDensity,
        };
    }

    private static long GetDeflatedLength(ReadOnlyMemory<byte> image)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            byte[] bytes = image.ToArray();
            deflate.Write(bytes, 0, bytes.Length);
        }

        return packed.Length;
    }

    private static bool IsFlatPng(ReadOnlyMemory<byte> png, ImageInfo info)
    {
        ReadOnlySpan<byte> header = png.Span;
        int channels = header[25] switch { 0 => 1, 2 => 3, 4 => 2, 6 => 4, _ => 0 };
        bool isPlain = header[24] == 8 && header[28] == 0 && channels > 0;
        if (!isPlain) return false;

        try
        {
            using var rows = new PngScanlines(png, info.Width * channels, channels);
            return IsFlat(rows, info, channels);
        }
        catch (InvalidDataException)
        {
            // Its structure is whole but its pixels do not unpack: whatever it is, it is not blank.
            return false;
        }
    }

    /// <summary>Counts the pixels that are black, or like the first.</summary>
    private static bool IsFlat(PngScanlines rows, ImageInfo info, int channels)
    {
        byte[]? first = null;
        int colours = channels > 2 ? 3 : 1;
        long all = (long)info.Width * info.Height;
        long black = 0, alike = 0;
        for (int y = 0; y < info.Height; y++)
        {
            if (!rows.MoveNext()) return false;

            byte[] row = rows.Row;
            first ??= row.AsSpan(channels, colours).ToArray();
            for (int x = channels; x < row.Length; x += channels)
            {
                if (IsSimilar(row, x, Black, colours)) black++;
                if (IsSimilar(row, x, first, colours)) alike++;
            }

            // Most pictures are told by their first rows: whatever follows cannot make them blank any more.
            long rest = all - ((long)(y + 1) * info.Width);
            if (black + rest < all * MinBlackShare && alike + rest < all * MinUniformShare) return false;
        }

        return true;
    }

    private static bool IsSimilar(byte[] row, int x, byte[] color, int colors)
    {
        for (int c = 0; c < colors; c++)
        {
            if (Math.Abs(row[x + c] - color[c]) > Tolerance) return false;
        }

        return true;
    }
}
