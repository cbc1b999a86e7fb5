using System.Collections.Concurrent;
using FaceGen.Contract;

namespace FaceGen.Emulator.Images;

/// <summary>
/// Images that were sent, kept once each under a link that lives 24 hours from the last time it was sent.
/// </summary>
internal sealed class UploadStore(TimeProvider clock, LinkFactory links)
{
    private readonly ConcurrentDictionary<string, Upload> _bySha256 = new(StringComparer.Ordinal);

    /// <returns>The image as kept and its link.</returns>
    internal FaceReference Add(ReceivedImage image)
    {
        Upload upload = _bySha256.AddOrUpdate(
            image.Sha256,
            _ => new Upload(image, clock.GetUtcNow()),
            (_, earlier) => earlier with { AddedAt = clock.GetUtcNow() });
        return new FaceReference(links.ForUpload(upload.Image), upload.Image);
    }

    /// <returns>The image of a link that still works; null for any other.</returns>
    internal ReceivedImage? Find(string sha256) =>
        _bySha256.TryGetValue(sha256, out Upload? upload)
        && clock.GetUtcNow() < upload.AddedAt.AddHours(Limits.LinkLifetimeHours)
            ? upload.Image
            : null;

    private sealed record Upload(ReceivedImage Image, DateTimeOffset AddedAt);
}

/// <summary>Makes the links that answers carry, all on the emulator's own address, and knows its own again.</summary>
internal sealed class LinkFactory
{
    private const string Uploads = "/uploads/";
    private Uri? _baseUri;

    /// <summary>The emulator's address; known once it listens, which is before any answer needs it.</summary>
    internal Uri BaseUri
    {
        get => _baseUri ?? throw new InvalidOperationException("The emulator does not listen yet.");
        set => _baseUri = value;
    }

    internal string ForPath(string path) => new Uri(BaseUri, path).AbsoluteUri;

    internal string ForPicture(long generationId, int index, string extension) =>
        ForPath(FormattableString.Invariant($"/images/{generationId}-{index}.{extension}"));

    internal string ForProxiedPicture(long generationId, int index, string extension) =>
        ForPath(FormattableString.Invariant($"/proxy/images/{generationId}-{index}.{extension}"));

    internal string ForUpload(ReceivedImage image) => ForPath($"{Uploads}{image.Sha256}.{image.Extension}");

    /// <returns>The SHA-256 in a link that <see cref="ForUpload"/> made; null for any other link.</returns>
    internal string? FindUploadSha256(Uri link) =>
        link.GetLeftPart(UriPartial.Authority) == BaseUri.GetLeftPart(UriPartial.Authority)
        && link.AbsolutePath.StartsWith(Uploads, StringComparison.Ordinal)
            ? Path.GetFileNameWithoutExtension(link.AbsolutePath)
            : null;
}
