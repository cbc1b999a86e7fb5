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
    internal FaceReference Put(FaceImage image)
    {
        Upload upload = _bySha256.AddOrUpdate(
            image.Sha256,
            _ => new Upload(image, clock.GetUtcNow()),
            (_, earlier) => earlier with { PutAt = clock.GetUtcNow() });
        return new FaceReference(links.ToUpload(upload.Image), upload.Image);
    }

    /// <returns>The image of a link that still works; null for any other.</returns>
    internal FaceImage? Find(string sha256) =>
        _bySha256.TryGetValue(sha256, out Upload? upload)
        && clock.GetUtcNow() < upload.PutAt.AddHours(Limits.LinkHours)
            ? upload.Image
            : null;

    private sealed record Upload(FaceImage Image, DateTimeOffset PutAt);
}
