using System.IO.Compression;

namespace FaceGen.ImageFormats;

/// <summary>
/// Detects a blank image, which a service sends in place of a censored one: all black, or all of one color.
/// </summary>
internal static class BlankImage
{
    /// <summary>
    /// The bytes per pixel below which a JPEG has one color: a JPEG of one color needs about 0.018, the simplest portrait several
    /// times as much.
    /// </summary>
    private const double FlatJpegDensity = 0.022;

    /// <summary>The same for a WebP, which compresses one color to almost nothing.</summary>
    private const double FlatWebPDensity = 0.003;

    /// <summary>The same for a GIF, which compresses runs of a color less.</summary>
    private const double FlatGifDensity = 0.006;

    /// <summary>The same for formats that may be uncompressed, after compression.</summary>
    private const double FlatDeflateDensity = 0.006;

    /// <summary>The bytes of the tables and headers of a JPEG.</summary>
    private const int JpegOverhead = 1024;

    /// <summary>The bytes of the color table of a GIF.</summary>
    private const int GifOverhead = 256 * 3;

    /// <summary>The fewest pixels of an image that can be blank: the pixels of a tiny image may well be alike.</summary>
    private const int MinPixels = 64 * 64;

    /// <summary>The largest difference of a channel from black, or from the first pixel, that counts as the same.</summary>
    private const int Tolerance = 8;

    /// <summary>The share of black pixels from which an image is blank: it may have a caption.</summary>
    private const double MinBlackShare = 0.85;

    /// <summary>The share of pixels like the first one from which an image is blank.</summary>
    private const double MinUniformShare = 0.995;

    private static readonly byte[] Black = [0, 0, 0];

    /// <summary>True if an image is blank.</summary>
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
            // Pixels that cannot be decompressed are not blank.
            return false;
        }
    }

    /// <summary>True if enough pixels are black, or like the first one.</summary>
    private static bool IsFlat(PngScanlines rows, ImageInfo info, int channels)
    {
        byte[]? first = null;
        int colors = channels > 2 ? 3 : 1;
        long all = (long)info.Width * info.Height;
        long black = 0, alike = 0;
        for (int y = 0; y < info.Height; y++)
        {
            if (!rows.MoveNext()) return false;

            byte[] row = rows.Row;
            first ??= row.AsSpan(channels, colors).ToArray();
            for (int x = channels; x < row.Length; x += channels)
            {
                if (IsSimilar(row, x, Black, colors)) black++;
                if (IsSimilar(row, x, first, colors)) alike++;
            }

            // The first rows of most images decide already that the rest cannot make them blank.
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
