using FaceGen.Contract;

namespace FaceGen.Emulator.Images;

/// <summary>Reads an image that a call carries, inline or as a link.</summary>
internal sealed class FaceReader(UploadStore uploads, LinkFactory links)
{
    /// <summary>Reads a face image: a link, or a data URI.</summary>
    /// <param name="text">The field's value.</param>
    /// <param name="brokenRule">The rule that the value breaks; null where it breaks none.</param>
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

    /// <summary>Reads a data URI and keeps its image.</summary>
    /// <param name="text">The field's value.</param>
    /// <param name="brokenRule">The rule that the value breaks; null where it breaks none.</param>
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
        return image is null ? null : uploads.Add(image);
    }
}
