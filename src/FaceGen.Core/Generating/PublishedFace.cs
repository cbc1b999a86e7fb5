namespace FaceGen;

/// <summary>An uploaded face image, whose link any number of requests can use until it expires.</summary>
public sealed record PublishedFace
{
    /// <summary>Gets the link; it binds to the parameter of this name of New-FaceGenImage.</summary>
    public required Uri FaceImage { get; init; }

    /// <summary>Gets when the link expires: 24 hours after the upload.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Gets the full path of the file.</summary>
    public required string FilePath { get; init; }

    /// <summary>Gets the size of the file in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>Gets the SHA-256 of the file, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>
    /// Gets the account that uploaded the image: the service's address and a fingerprint of the key, from which the key cannot
    /// be computed. The link works for any account.
    /// </summary>
    public string? Account => Connection?.Account;

    /// <summary>Gets the connection that uploaded the image.</summary>
    internal Connection? Connection { get; init; }

    /// <summary>Returns the link.</summary>
    public override string ToString() => FaceImage.ToString();
}
