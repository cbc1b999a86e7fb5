namespace FaceGen;

/// <summary>
/// Specifies the format of an image. A face image is PNG, JPEG or WebP; images from the service can have the other formats because
/// content delivery networks convert them.
/// </summary>
public enum ImageFormat
{
    /// <summary>Portable Network Graphics.</summary>
    Png,

    /// <summary>JPEG.</summary>
    Jpeg,

    /// <summary>WebP.</summary>
    WebP,

    /// <summary>Graphics Interchange Format.</summary>
    Gif,

    /// <summary>AV1 Image File Format.</summary>
    Avif,

    /// <summary>High Efficiency Image File Format: HEIC and its relatives.</summary>
    Heif,

    /// <summary>Windows bitmap.</summary>
    Bmp,

    /// <summary>Tagged Image File Format.</summary>
    Tiff,

    /// <summary>JPEG XL.</summary>
    JpegXl,
}

/// <summary>Detects an image's format from its first bytes, independently of its name and media type.</summary>
internal static class ImageHeader
{
    /// <summary>Returns the format of an image; null if the bytes are not the start of an image.</summary>
    internal static ImageFormat? DetectFormat(ReadOnlySpan<byte> head) => head switch
    {
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => ImageFormat.Png,
        [0xFF, 0xD8, 0xFF, ..] => ImageFormat.Jpeg,
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => ImageFormat.WebP,
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => ImageFormat.Gif,
        [0, 0, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', ..] => DetectIsoMediaFormat(head),
        // The header of a bitmap has one of these lengths.
        [(byte)'B', (byte)'M', _, _, _, _, _, _, _, _, _, _, 0, 0, 12 or 40 or 52 or 56 or 64 or 108 or 124, 0, ..] => ImageFormat.Bmp,
        [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..] => ImageFormat.Tiff,
        [0xFF, 0x0A, ..] or [0, 0, 0, 12, (byte)'J', (byte)'X', (byte)'L', (byte)' ', 0x0D, 0x0A, 0x87, 0x0A, ..] => ImageFormat.JpegXl,
        _ => null,
    };

    /// <summary>Returns the format of a face image; null if the bytes are not the start of an image that the service accepts.</summary>
    internal static ImageFormat? DetectFaceFormat(ReadOnlySpan<byte> head) =>
        DetectFormat(head) is { } format and (ImageFormat.Png or ImageFormat.Jpeg or ImageFormat.WebP) ? format : null;

    internal static string GetMediaType(this ImageFormat format) => format switch
    {
        ImageFormat.Png => "image/png",
        ImageFormat.Jpeg => "image/jpeg",
        ImageFormat.WebP => "image/webp",
        ImageFormat.Gif => "image/gif",
        ImageFormat.Avif => "image/avif",
        ImageFormat.Heif => "image/heic",
        ImageFormat.Bmp => "image/bmp",
        ImageFormat.Tiff => "image/tiff",
        _ => "image/jxl",
    };

    /// <summary>Returns the format that the extension of a file name stands for; null if it is not that of an image.</summary>
    internal static ImageFormat? FindFormatByExtension(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".PNG" => ImageFormat.Png,
        ".JPG" or ".JPEG" => ImageFormat.Jpeg,
        ".WEBP" => ImageFormat.WebP,
        ".GIF" => ImageFormat.Gif,
        ".AVIF" => ImageFormat.Avif,
        ".HEIC" or ".HEIF" => ImageFormat.Heif,
        ".BMP" => ImageFormat.Bmp,
        ".TIF" or ".TIFF" => ImageFormat.Tiff,
        ".JXL" => ImageFormat.JpegXl,
        _ => null,
    };

    internal static string GetExtension(this ImageFormat format) => format switch
    {
        ImageFormat.Png => ".png",
        ImageFormat.Jpeg => ".jpg",
        ImageFormat.WebP => ".webp",
        ImageFormat.Gif => ".gif",
        ImageFormat.Avif => ".avif",
        ImageFormat.Heif => ".heic",
        ImageFormat.Bmp => ".bmp",
        ImageFormat.Tiff => ".tif",
        _ => ".jxl",
    };

    /// <summary>Returns the format's name for display.</summary>
    internal static string GetDisplayName(this ImageFormat format) => format switch
    {
        ImageFormat.Heif => "HEIC",
        ImageFormat.JpegXl => "JPEG XL",
        ImageFormat.WebP => "WebP",
        _ => format.ToString().ToUpperInvariant(),
    };

    /// <summary>
    /// Detects a format by the brands at the start of an ISO base media file (ISO/IEC 14496-12): the major brand, the version, and
    /// the compatible brands.
    /// </summary>
    private static ImageFormat? DetectIsoMediaFormat(ReadOnlySpan<byte> head)
    {
        int end = Math.Min(head.Length, (head[2] << 8) | head[3]);
        ImageFormat? format = null;
        for (int at = 8; at + 4 <= end; at += at == 8 ? 8 : 4)
        {
            ReadOnlySpan<byte> brand = head.Slice(at, 4);
            if (brand.SequenceEqual("avif"u8) || brand.SequenceEqual("avis"u8)) return ImageFormat.Avif;
            if (brand.StartsWith("hei"u8) || brand.StartsWith("hev"u8) || brand.SequenceEqual("mif1"u8) || brand.SequenceEqual("msf1"u8)) format = ImageFormat.Heif;
        }

        return format;
    }
}
