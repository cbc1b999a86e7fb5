using FaceGen.ImageFormats;
using StbImageSharp;

namespace FaceGen.Batches.Images;

/// <summary>Decodes JPEGs, which the framework on its own does not.</summary>
public sealed class JpegDecoder : IImageDecoder
{
    /// <inheritdoc/>
    RgbaImage IImageDecoder.Decode(byte[] image)
    {
        try
        {
            ImageResult decoded = ImageResult.FromMemory(image, ColorComponents.RedGreenBlueAlpha);
            return new RgbaImage(decoded.Width, decoded.Height, decoded.Data);
        }
        // The decoder throws any of these for a damaged file.
        catch (Exception e) when (e is InvalidOperationException or IndexOutOfRangeException or ArgumentException or NullReferenceException or OverflowException)
        {
            throw new FaceGenException(ErrorCode.ImageInvalid, "The JPEG is damaged: its pixels cannot be decoded.", e);
        }
    }
}
