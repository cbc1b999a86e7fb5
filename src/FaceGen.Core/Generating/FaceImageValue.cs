namespace FaceGen.Generating;

/// <summary>What <c>face_image</c> carries for a request.</summary>
/// <param name="Text">A link, or the image as a data URI.</param>
/// <param name="UploadedSha256">The hash of the image that FaceGen itself has uploaded to that link; null where it has not.</param>
internal sealed record FaceImageValue(string Text, string? UploadedSha256 = null)
{
    /// <summary>The link that the service has refused before, and that the image is sent in place of.</summary>
    internal FaceImageValue? Replaces { get; init; }
}
