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
            ImageFormat.Png => PngFile.Read(image),
            ImageFormat.Jpeg => JpegFile.Read(image),
            ImageFormat.WebP => WebPFile.Read(image),
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

    /// <summary>True if a size is not zero and not larger than any image that FaceGen reads.</summary>
    internal static bool IsPlausibleSize(int width, int height) =>
        width is > 0 and <= MaxSide && height is > 0 and <= MaxSide && (long)width * height <= MaxPixels;
}

/// <summary>The size of an image in its file.</summary>
/// <param name="Width">The width in pixels.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="HasEndMarker">True if the file has the end marker of its format; without it all pixels are there nevertheless.</param>
internal readonly record struct ImageSize(int Width, int Height, bool HasEndMarker = true);
