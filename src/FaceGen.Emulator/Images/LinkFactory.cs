namespace FaceGen.Emulator.Images;

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
