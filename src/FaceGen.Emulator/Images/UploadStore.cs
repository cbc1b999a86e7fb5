using System.Collections.Concurrent;
using FaceGen.Contract;

namespace FaceGen.Emulator.Images;

/// <summary>The uploaded images, each stored once under a link that is valid for 24 hours from its last upload.</summary>
internal sealed class UploadStore(TimeProvider clock, LinkFactory links)
{
    private readonly ConcurrentDictionary<string, Upload> _bySha256 = new(StringComparer.Ordinal);

    /// <summary>Stores an image.</summary>
    /// <returns>The stored image and its link.</returns>
    internal FaceReference Add(ReceivedImage image)
    {
        Upload upload = _bySha256.AddOrUpdate(
            image.Sha256,
            _ => new Upload(image, clock.GetUtcNow()),
            (_, earlier) => earlier with { AddedAt = clock.GetUtcNow() });
        return new FaceReference(links.ForUpload(upload.Image), upload.Image);
    }

    /// <summary>Returns the image of a valid link; otherwise null.</summary>
    internal ReceivedImage? Find(string sha256) =>
        _bySha256.TryGetValue(sha256, out Upload? upload)
        && clock.GetUtcNow() < upload.AddedAt.AddHours(Limits.LinkLifetimeHours)
            ? upload.Image
            : null;

    private sealed record Upload(ReceivedImage Image, DateTimeOffset AddedAt);
}

/// <summary>Creates the links in responses, all on the emulator's own address, and recognizes them.</summary>
internal sealed class LinkFactory
{
    private const string Uploads = "/uploads/";
    private Uri? _baseUri;

    /// <summary>Gets or sets the emulator's address, known once it listens.</summary>
    internal Uri BaseUri
    {
        get => _baseUri ?? throw new InvalidOperationException("The emulator is not listening yet.");
        set => _baseUri = value;
    }

    internal string ForPath(string path) => new Uri(BaseUri, path).AbsoluteUri;

    internal string ForPicture(long generationId, int index, string extension) =>
        ForPath(FormattableString.Invariant($"/images/{generationId}-{index}.{extension}"));

    internal string ForProxiedPicture(long generationId, int index, string extension) =>
        ForPath(FormattableString.Invariant($"/proxy/images/{generationId}-{index}.{extension}"));

    internal string ForUpload(ReceivedImage image) => ForPath($"{Uploads}{image.Sha256}.{image.Extension}");

    /// <summary>Returns the SHA-256 in a link of <see cref="ForUpload"/>; null for any other link.</summary>
    internal string? FindUploadSha256(Uri link) =>
        link.GetLeftPart(UriPartial.Authority) == BaseUri.GetLeftPart(UriPartial.Authority)
        && link.AbsolutePath.StartsWith(Uploads, StringComparison.Ordinal)
            ? Path.GetFileNameWithoutExtension(link.AbsolutePath)
            : null;
}
