using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>A style of drawing a face.</summary>
internal abstract class Style
{
    /// <summary>The picture side at which radii and spacings have their nominal size.</summary>
    private const float NominalSide = 512;

    private static readonly Dictionary<string, Style> ByName = new(StringComparer.Ordinal)
    {
        ["realistic"] = new RealisticStyle(),
        ["comic"] = new ComicStyle(),
        ["chibi"] = new ChibiStyle(),
        ["3d"] = new ThreeDStyle(),
        ["anime"] = new AnimeStyle(),
    };

    /// <summary>Returns the style with a name.</summary>
    /// <param name="name">One of the contract's styles.</param>
    internal static Style Get(string name) => ByName[name];

    /// <summary>Redraws the cropped face in place.</summary>
    /// <param name="picture">The cropped face.</param>
    /// <param name="variation">The seed's variation.</param>
    /// <param name="strength">The strength of the style; about 1.</param>
    internal abstract void Apply(SKBitmap picture, Variation variation, float strength);

    /// <summary>Scales a number of pixels to the picture's size, at least 1.</summary>
    private protected static int Scaled(SKBitmap picture, float pixels) =>
        Math.Max(1, (int)MathF.Round(pixels * Math.Min(picture.Width, picture.Height) / NominalSide));
}
