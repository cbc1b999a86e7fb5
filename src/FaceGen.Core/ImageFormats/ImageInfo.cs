using System.Buffers.Binary;

namespace FaceGen.ImageFormats;

/// <summary>The format and size of an image whose structure has been checked completely.</summary>
/// <param name="Format">The format.</param>
/// <param name="Width">The width in pixels.</param>
/// <param name="Height">The height in pixels.</param>
internal sealed record ImageInfo(ImageFormat Format, int Width, int Height)
{
    /// <summary>The largest width and height that are plausible.</summary>
    private const int MaxSide = 16384;

    /// <summary>The largest number of pixels that is plausible; images of the service have less than half a million.</summary>
    private const long MaxPixels = 64L * 1024 * 1024;

    /// <summary>
    /// True if the file is complete. False if it lacks only its end marker: every pixel is there.
    /// </summary>
    internal bool IsComplete { get; init; } = true;

    /// <summary>Returns the format and size of an image; null if the bytes are not a complete image.</summary>
    internal static ImageInfo? ReadComplete(ReadOnlySpan<byte> image) => Read(image) is { IsComplete: true } info ? info : null;

    /// <summary>Returns the format and size of an image that has all of its pixels; null otherwise. The end marker may be missing.</summary>
    internal static ImageInfo? Read(ReadOnlySpan<byte> image)
    {
        if (ImageHeader.DetectFormat(image) is not { } format) return null;

        ImageSize? size = format switch
        {
            ImageFormat.Png => ReadPng(image),
            ImageFormat.Jpeg => ReadJpeg(image),
            ImageFormat.WebP => ReadWebP(image),
            ImageFormat.Gif => GifBlocks.Read(image),
            ImageFormat.Bmp => BmpFile.Read(image),
            ImageFormat.Tiff => TiffDirectory.Read(image),
            ImageFormat.JpegXl => JpegXlFile.Read(image),
            _ => IsoMediaBoxes.Read(image),
        };
        return size is { } found && IsPlausibleSize(found.Width, found.Height)
            ? new ImageInfo(format, found.Width, found.Height) { IsComplete = found.HasEndMarker }
            : null;
    }

    private static bool IsPlausibleSize(int width, int height) =>
        width is > 0 and <= MaxSide && height is > 0 and <= MaxSide && (long)width * height <= MaxPixels;

    /// <summary>Reads the chunks of a PNG, from IHDR to IEND.</summary>
    private static ImageSize? ReadPng(ReadOnlySpan<byte> image)
    {
        var chunks = new PngChunks(image);
        if (!chunks.MoveNext() || !chunks.Type.SequenceEqual("IHDR"u8) || chunks.Data.Length != 13) return null;

        ReadOnlySpan<byte> header = chunks.Data;
        (int width, int height) = (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header.Slice(4)));
        bool hasEnd = false;
        while (!hasEnd && chunks.MoveNext()) hasEnd = chunks.Type.SequenceEqual("IEND"u8);
        return IsPlausibleSize(width, height) && PngPixels.AreComplete(image, header, width, height) ? new ImageSize(width, height, hasEnd) : null;
    }

    /// <summary>Reads the segments of a JPEG up to the first scan, whose data comes before the end marker.</summary>
    private static ImageSize? ReadJpeg(ReadOnlySpan<byte> image)
    {
        ImageSize? size = null;
        int at = 2;
        while (at + 4 <= image.Length)
        {
            if (image[at] != 0xFF) return null;
            byte marker = image[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(image.Slice(at + 2));
            if (length < 2 || at + 2 + length > image.Length) return null;

            ReadOnlySpan<byte> data = image.Slice(at + 4, length - 2);
            bool isFrame = marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
            if (isFrame && data.Length >= 5)
                size = new ImageSize(BinaryPrimitives.ReadUInt16BigEndian(data.Slice(3)), BinaryPrimitives.ReadUInt16BigEndian(data.Slice(1)));

            at += 2 + length;
            if (marker == 0xDA) return size is { } found && !StartsWithMarker(image.Slice(at)) ? ReadJpegScans(image, at, found) : null;
        }

        return null;
    }

    /// <summary>True if the bytes begin with a marker, so that the scan that should begin here is empty.</summary>
    private static bool StartsWithMarker(ReadOnlySpan<byte> image) => image.Length > 1 && image[0] == 0xFF && image[1] != 0;

    private static ImageSize? ReadJpegScans(ReadOnlySpan<byte> image, int scan, ImageSize size)
    {
        if (HasEndMarker(image.Slice(scan))) return size;
        return IsPlausibleSize(size.Width, size.Height) && JpegScans.AreComplete(image) ? size with { HasEndMarker = false } : null;
    }

    /// <summary>True if the end marker follows; inside a scan 0xFF is always followed by another byte.</summary>
    private static bool HasEndMarker(ReadOnlySpan<byte> scan) => scan.LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xD9]) >= 0;

    /// <summary>Reads the chunks of a WebP: the RIFF header has the length, the first chunk the size, and another one the image.</summary>
    private static ImageSize? ReadWebP(ReadOnlySpan<byte> image)
    {
        const int Head = 12, ChunkHead = 8, FrameHead = 16 + ChunkHead;
        if (image.Length < 30 || BinaryPrimitives.ReadUInt32LittleEndian(image.Slice(4)) > image.Length - ChunkHead) return null;

        ReadOnlySpan<byte> chunks = image.Slice(Head, Math.Max(0, (int)BinaryPrimitives.ReadUInt32LittleEndian(image.Slice(4)) + ChunkHead - Head));
        ImageSize? size = null;
        bool hasImage = false;
        while (chunks.Length >= ChunkHead)
        {
            ReadOnlySpan<byte> type = chunks.Slice(0, 4);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(chunks.Slice(4));
            if (length > chunks.Length - ChunkHead) return null;

            ReadOnlySpan<byte> data = chunks.Slice(ChunkHead, (int)length);
            size ??= ReadWebPSize(type, data);
            hasImage |= (type.SequenceEqual("VP8 "u8) && length > 10) || (type.SequenceEqual("VP8L"u8) && length > 5)
                || (type.SequenceEqual("ANMF"u8) && length > FrameHead);
            // A padding byte follows a chunk of odd length.
            chunks = chunks.Slice((int)Math.Min(chunks.Length, ChunkHead + length + (length & 1)));
        }

        return hasImage && chunks.IsEmpty ? size : null;
    }

    private static ImageSize? ReadWebPSize(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        if (type.SequenceEqual("VP8X"u8) && data.Length >= 10) return new ImageSize(ReadUInt24(data.Slice(4)) + 1, ReadUInt24(data.Slice(7)) + 1);
        if (type.SequenceEqual("VP8 "u8) && data.Length >= 10)
        {
            return new ImageSize(
                BinaryPrimitives.ReadUInt16LittleEndian(data.Slice(6)) & 0x3FFF,
                BinaryPrimitives.ReadUInt16LittleEndian(data.Slice(8)) & 0x3FFF);
        }

        if (type.SequenceEqual("VP8L"u8) && data.Length >= 5)
        {
            uint bits = BinaryPrimitives.ReadUInt32LittleEndian(data.Slice(1));
            return new ImageSize((int)(bits & 0x3FFF) + 1, (int)((bits >> 14) & 0x3FFF) + 1);
        }

        return null;
    }

    private static int ReadUInt24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
}

/// <summary>The size of an image in its file.</summary>
/// <param name="Width">The width in pixels.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="HasEndMarker">True if the file has the end marker of its format; without it all pixels are there nevertheless.</param>
internal readonly record struct ImageSize(int Width, int Height, bool HasEndMarker = true);
