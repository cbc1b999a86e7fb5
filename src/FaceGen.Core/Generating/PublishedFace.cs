namespace FaceGen;

/// <summary>A local face image that was uploaded: its link serves any number of requests until it ends.</summary>
public sealed record PublishedFace
{
    /// <summary>The link; New-FaceGenImage takes it by this name.</summary>
    public required Uri FaceImage { get; init; }

    /// <summary>When the link ends: 24 hours after the upload.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The file's full path.</summary>
    public required string FilePath { get; init; }

    /// <summary>The file's size in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>The SHA-256 of the file, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>
    /// Gets the account that uploaded the image: the service's address and a fingerprint of the key, from which the key cannot
    /// be computed. The link works for any account.
    /// </summary>
    public string? Account => Connection?.Account;

    /// <summary>Gets the connection that uploaded the image.</summary>
    internal Connection? Connection { get; init; }

    /// <summary>The link.</summary>
    public override string ToString() => FaceImage.ToString();
}
