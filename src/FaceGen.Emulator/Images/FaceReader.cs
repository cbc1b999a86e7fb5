using System.Security.Cryptography;
using FaceGen.Contract;
using SkiaSharp;

namespace FaceGen.Emulator.Images;

/// <summary>Reads a face image, inline or as a link.</summary>
internal sealed class FaceReader(UploadStore uploads, LinkFactory links)
{
    /// <summary>Reads a link or a data URI.</summary>
    /// <param name="text">The field's value.</param>
    /// <param name="brokenRule">The violated rule; null if the value is valid.</param>
    internal FaceReference? Read(string text, out string? brokenRule)
    {
        if (DataUri.IsDataUri(text))
            return ReadInline(text, out brokenRule);

        bool isLink = Uri.TryCreate(text, UriKind.Absolute, out Uri? link)
            && (link.Scheme == Uri.UriSchemeHttps || link.Scheme == Uri.UriSchemeHttp);
        if (!isLink)
        {
            brokenRule = "must be a link or a data URI with base64";
            return null;
        }

        if (links.FindUploadSha256(link!) is not { } sha256)
        {
            brokenRule = null;
            return new FaceReference(text, Image: null);
        }

        ReceivedImage? image = uploads.Find(sha256);
        brokenRule = image is null ? "could not be downloaded: the link is unknown or its 24 hours are over" : null;
        return image is null ? null : new FaceReference(text, image);
    }

    /// <summary>Reads a data URI and stores its image.</summary>
    /// <param name="text">The field's value.</param>
    /// <param name="brokenRule">The violated rule; null if the value is valid.</param>
    internal FaceReference? ReadInline(string text, out string? brokenRule)
    {
        byte[]? bytes = DataUri.TryDecode(text);
        ReceivedImage? image = bytes is { Length: <= Limits.MaxFaceImageBytes } ? ReceivedImage.TryRead(bytes) : null;
        brokenRule = (bytes, image) switch
        {
            (null, _) => "must be a data URI of an image in base64, such as data:image/jpeg;base64,...",
            ({ Length: > Limits.MaxFaceImageBytes }, _)
                => $"must not be larger than {Limits.MaxFaceImageBytes} bytes (5 MB)",
            (_, null) => "must be an image that can be decoded",
            _ => null,
        };
        return image is null ? null : uploads.Add(image) with { IsInline = true };
    }
}

/// <summary>The face image of a request: a link, and the image if the emulator has it.</summary>
/// <param name="Link">The link that was sent, or that of the stored inline image.</param>
/// <param name="Image">The image; null for an external link, which the offline emulator does not download.</param>
internal sealed record FaceReference(string Link, ReceivedImage? Image)
{
    /// <summary>True if the image was sent as base64.</summary>
    internal bool IsInline { get; init; }

    /// <summary>Gets a text that is equal for equal images, however they were sent.</summary>
    internal string Identity => Image is null ? Link : $"sha256:{Image.Sha256}";
}

/// <summary>An image that a caller sent, with its properties.</summary>
internal sealed class ReceivedImage
{
    /// <summary>More than any camera takes. A small file can decompress to far more and exhaust memory.</summary>
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

    /// <summary>Gets the size in pixels, with the camera's orientation applied.</summary>
    internal SKSizeI Size { get; }

    internal string Sha256 { get; }

    /// <summary>Reads an image.</summary>
    /// <returns>The image; null if the bytes cannot be decoded.</returns>
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

/// <summary>Reads <c>data:image/…;base64,…</c>.</summary>
internal static class DataUri
{
    private const string Prefix = "data:";
    private const string Marker = ";base64,";

    /// <summary>Returns base64 as a data URI; the media type has no meaning, because the image is decoded.</summary>
    internal static string FromBase64(string base64) => $"{Prefix}image/png{Marker}{base64}";

    internal static bool IsDataUri(string text) => text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Decodes a data URI.</summary>
    /// <returns>The bytes; null if it is not a base64 data URI of an image.</returns>
    internal static byte[]? TryDecode(string text)
    {
        int marker = text.IndexOf(Marker, StringComparison.OrdinalIgnoreCase);
        if (marker < 0 || !text.StartsWith("data:image/", StringComparison.OrdinalIgnoreCase))
            return null;

        ReadOnlySpan<char> base64 = text.AsSpan(marker + Marker.Length);
        var buffer = new byte[(base64.Length / 4 * 3) + 3];
        return Convert.TryFromBase64Chars(base64, buffer, out int length) ? buffer[..length] : null;
    }
}
