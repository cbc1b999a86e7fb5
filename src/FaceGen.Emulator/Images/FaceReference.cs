namespace FaceGen.Emulator.Images;

/// <summary>The face image of a request: a link, and the image itself where the emulator has it.</summary>
/// <param name="Link">The link that was sent, or the one under which inline bytes were put.</param>
/// <param name="Image">The image; null for a link to somewhere else, which an offline emulator does not fetch.</param>
internal sealed record FaceReference(string Link, ReceivedImage? Image)
{
    /// <summary>The same for the same picture, however it was sent.</summary>
    internal string Identity => Image is null ? Link : $"sha256:{Image.Sha256}";
}
