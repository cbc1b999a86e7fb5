namespace FaceGen;

/// <summary>An image of a generation that stands, checked to its last byte, in a file.</summary>
public sealed record SavedImage
{
    /// <summary>The file's full path.</summary>
    public required string FullName { get; init; }

    /// <summary>The file's size in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>The SHA-256 of the file, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The format that the file's own bytes tell.</summary>
    public required ImageFormat Format { get; init; }

    /// <summary>The width in pixels.</summary>
    public required int Width { get; init; }

    /// <summary>The height in pixels.</summary>
    public required int Height { get; init; }

    /// <summary>
    /// Whether the service's safety filter seems to have taken the picture away: it is blank (all but black, or of one
    /// colour), or the same file came before for another prompt or seed.
    /// </summary>
    public required bool Filtered { get; init; }

    /// <summary>
    /// True if the file lacks the end marker of its format, as the service sent it each time. All of its pixels are there, and
    /// viewers show it; strict programs may refuse it.
    /// </summary>
    public bool Incomplete { get; init; }

    /// <summary>Which of the generation's images it is, the first being 1.</summary>
    public required int Index { get; init; }

    /// <summary>The generation that it belongs to.</summary>
    public required Generation Generation { get; init; }

    /// <summary>Gets the account that the generation belongs to, as <see cref="Generation.Account"/> gives it.</summary>
    public string? Account => Generation.Account;

    /// <summary>The file's full path.</summary>
    public override string ToString() => FullName;
}
