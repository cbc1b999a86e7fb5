using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Framing;

/// <summary>
/// A decoded face image in its own size, half of it, a quarter and so on, so that a picture of any size is drawn from
/// one that is hardly larger: quick, and without the jagged edges of a large step down.
/// </summary>
internal sealed class FacePyramid
{
    private const int SmallestSide = 16;
    private static readonly SKSamplingOptions Linear = new(SKFilterMode.Linear);

    private readonly List<SKImage> _levels = [];

    internal FacePyramid(SKImage face)
    {
        _levels.Add(face);
        while (Math.Min(_levels[^1].Width, _levels[^1].Height) >= 2 * SmallestSide)
            _levels.Add(Halve(_levels[^1]));
    }

    /// <summary>The smallest level that covers a picture of this size.</summary>
    internal SKImage GetLevel(int width, int height) =>
        _levels.FindLast(level => level.Width >= width && level.Height >= height) ?? _levels[0];

    private static SKImage Halve(SKImage image)
    {
        using SKSurface surface = Surfaces.Create(image.Width / 2, image.Height / 2);
        surface.Canvas.DrawImage(image, SKRect.Create(image.Width / 2, image.Height / 2), Linear);
        return surface.Snapshot();
    }
}
