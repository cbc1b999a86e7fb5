namespace FaceGen;

/// <summary>An image of a generation that is saved as a file and completely checked.</summary>
public sealed record SavedImage
{
    /// <summary>Gets the full path of the file.</summary>
    public required string FullName { get; init; }

    /// <summary>Gets the size of the file in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>Gets the SHA-256 of the file, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Gets the format, by the content of the file.</summary>
    public required ImageFormat Format { get; init; }

    /// <summary>Gets the width in pixels.</summary>
    public required int Width { get; init; }

    /// <summary>Gets the height in pixels.</summary>
    public required int Height { get; init; }

    /// <summary>
    /// True if the service's safety filter seems to have altered the image: the service reports that it detected such content, the image is
    /// blank (almost black, or of one color), or the same file came before for another prompt or seed.
    /// </summary>
    public required bool Filtered { get; init; }

    /// <summary>
    /// True if the file lacks the end marker of its format, as the service sent it each time. All of its pixels are there, and
    /// viewers show it; strict programs may refuse it.
    /// </summary>
    public bool Incomplete { get; init; }

    /// <summary>Gets the number of the image in its generation, from 1.</summary>
    public required int Index { get; init; }

    /// <summary>Gets the generation.</summary>
    public required Generation Generation { get; init; }

    /// <summary>Gets the account that the generation belongs to, as <see cref="Generation.Account"/> gives it.</summary>
    public string? Account => Generation.Account;

    /// <summary>Returns the full path of the file.</summary>
    public override string ToString() => FullName;
}
