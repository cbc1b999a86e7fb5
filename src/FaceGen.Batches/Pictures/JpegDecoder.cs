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
        // The decoder says of a broken file no more than that, in whatever way it meets it.
        catch (Exception e) when (e is InvalidOperationException or IndexOutOfRangeException or ArgumentException or NullReferenceException or OverflowException)
        {
            throw new FaceGenException(ErrorCode.ImageInvalid, "The JPEG holds pixels that do not unpack.", e);
        }
    }
}
