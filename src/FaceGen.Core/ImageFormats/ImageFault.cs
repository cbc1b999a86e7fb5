using System.Globalization;

namespace FaceGen.ImageFormats;

/// <summary>
/// Finds out why other programs cannot decode an image that a user provides. The checks are those of a downloaded image and more:
/// a damaged image costs nothing before it is sent, while a downloaded one is paid for and better than none.
/// </summary>
internal static class ImageFault
{
    internal const string CutOff = "is cut off: part of the image is missing";

    internal const string CutOffOrDamaged = "is cut off or damaged: part of the image is missing";

    internal const string ZeroFilled = "is damaged: zeros replace the rest of the image";

    /// <summary>
    /// Returns why a PNG, JPEG or WebP cannot be decoded, as the predicate of a sentence without a period; null if it can. Data
    /// behind the image and a missing end marker are not faults.
    /// </summary>
    internal static string? Find(ReadOnlySpan<byte> image, ImageFormat format) => format switch
    {
        ImageFormat.Png => PngFile.FindFault(image),
        ImageFormat.Jpeg => JpegFile.FindFault(image),
        _ => WebPFile.FindFault(image),
    };

    /// <summary>Returns the number of zeros at the end of bytes.</summary>
    internal static int CountEndingZeros(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.Length;
        while (end > 0 && bytes[end - 1] == 0) end--;
        return bytes.Length - end;
    }

    /// <summary>Returns the fault of a size; null if it is plausible.</summary>
    internal static string? OfSize(uint width, uint height) =>
        width <= int.MaxValue && height <= int.MaxValue && ImageInfo.IsPlausibleSize((int)width, (int)height) ? null
        : string.Format(CultureInfo.InvariantCulture, width == 0 || height == 0 ? "is damaged: it declares {0:N0} × {1:N0} pixels" : "has {0:N0} × {1:N0} pixels, which is too large", width, height);
}
