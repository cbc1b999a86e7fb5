namespace FaceGen;

/// <summary>An image of a generation that is saved as a file and completely checked.</summary>
public sealed record SavedImage
{
    /// <summary>Creates the description of an image.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="format">The format, by the content of the file.</param>
    internal SavedImage(Generation generation, ImageFormat format) => (Generation, FormatValue) = (generation, format);

    /// <summary>Gets the name of the file.</summary>
    public string Name => Path.GetFileName(FullName);

    /// <summary>Gets the full path of the file.</summary>
    public required string FullName { get; init; }

    /// <summary>Gets the size of the file in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>Gets the SHA-256 of the file, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Gets the format, by the content of the file: the name of an <see cref="ImageFormat"/>.</summary>
    public string Format => FormatValue.ToString();

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

    /// <summary>Gets the id of the generation.</summary>
    public string Id => Generation.Id;

    /// <inheritdoc cref="Generation.Row"/>
    public int? Row => Generation.Row;

    /// <inheritdoc cref="Generation.Prompt"/>
    public string? Prompt => Generation.Prompt;

    /// <inheritdoc cref="Generation.Style"/>
    public string? Style => Generation.Style;

    /// <inheritdoc cref="Generation.Seed"/>
    public long? Seed => Generation.Seed;

    /// <inheritdoc cref="Generation.Seconds"/>
    public double? Seconds => Generation.Seconds;

    /// <summary>Gets the account that the generation belongs to, as <see cref="Generation.Account"/> gives it.</summary>
    public string? Account => Generation.Account;

    /// <summary>Gets the generation. It is not public, so that an exported image is flat; <see cref="GetGeneration"/> returns it.</summary>
    internal Generation Generation { get; }

    /// <summary>Gets the value of <see cref="Format"/>.</summary>
    internal ImageFormat FormatValue { get; }

    /// <summary>Returns the generation, which scripts get as the property Generation.</summary>
    public Generation GetGeneration() => Generation;

    /// <summary>Returns the full path of the file.</summary>
    public override string ToString() => FullName;
}
