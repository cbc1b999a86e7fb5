namespace FaceGen.Generating;

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

    /// <summary>The link.</summary>
    public override string ToString() => FaceImage.ToString();
}
