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
