using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>One way of drawing a face.</summary>
internal abstract class Style
{
    /// <summary>The side of a picture at which radii and spacings have their nominal size.</summary>
    private const float NominalSide = 512;

    private static readonly Dictionary<string, Style> ByName = new(StringComparer.Ordinal)
    {
        ["realistic"] = new RealisticStyle(),
        ["comic"] = new ComicStyle(),
        ["chibi"] = new ChibiStyle(),
        ["3d"] = new ThreeDStyle(),
        ["anime"] = new AnimeStyle(),
    };

    /// <param name="name">One of the contract's styles.</param>
    internal static Style Get(string name) => ByName[name];

    /// <summary>Redraws the framed face in place.</summary>
    /// <param name="picture">The face as framed.</param>
    /// <param name="variation">What the seed decides.</param>
    /// <param name="strength">How far to depart from the face; about 1.</param>
    internal abstract void Apply(SKBitmap picture, Variation variation, float strength);

    /// <summary>A number of pixels in proportion to the picture, at least 1.</summary>
    private protected static int Scaled(SKBitmap picture, float pixels) =>
        Math.Max(1, (int)MathF.Round(pixels * Math.Min(picture.Width, picture.Height) / NominalSide));
}
