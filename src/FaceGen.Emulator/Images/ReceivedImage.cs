using System.Security.Cryptography;
using SkiaSharp;

namespace FaceGen.Emulator.Images;

/// <summary>An image that somebody sent: its bytes as they came, and what is known of them.</summary>
internal sealed class ReceivedImage
{
    /// <summary>More than any camera takes; a small file can unpack to far more and fill the memory.</summary>
    private const long MaxPixels = 100_000_000;

    private ReceivedImage(byte[] bytes, SKEncodedImageFormat format, SKSizeI size)
    {
        Bytes = bytes;
        Extension = format == SKEncodedImageFormat.Jpeg ? "jpg" : format.ToString().ToLowerInvariant();
        MediaType = $"image/{format.ToString().ToLowerInvariant()}";
        Size = size;
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    internal byte[] Bytes { get; }
    internal string Extension { get; }
    internal string MediaType { get; }

    /// <summary>Width and height in pixels as seen, with the camera's orientation applied.</summary>
    internal SKSizeI Size { get; }

    internal string Sha256 { get; }

    /// <returns>The image; null where the bytes are none that can be decoded.</returns>
    internal static ReceivedImage? TryRead(byte[] bytes)
    {
        using var data = SKData.CreateCopy(bytes);
        using SKCodec? codec = SKCodec.Create(data);
        if (codec is null || (long)codec.Info.Width * codec.Info.Height > MaxPixels)
            return null;

        bool turned = codec.EncodedOrigin >= SKEncodedOrigin.LeftTop;
        SKSizeI size = codec.Info.Size;
        return new ReceivedImage(bytes, codec.EncodedFormat, turned ? new SKSizeI(size.Height, size.Width) : size);
    }
}
