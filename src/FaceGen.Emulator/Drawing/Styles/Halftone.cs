using FaceGen.Emulator.Drawing.Pixels;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>The dots of a printing screen, turned by 45 degrees or so.</summary>
/// <param name="spacing">From dot to dot, in pixels.</param>
/// <param name="light">The seed's light; turns the screen a little.</param>
internal sealed class Halftone(int spacing, SKPoint light)
{
    private readonly float _cos = MathF.Cos((MathF.PI / 4) + (0.2f * light.X));
    private readonly float _sin = MathF.Sin((MathF.PI / 4) + (0.2f * light.X));

    /// <param name="x">The pixel's column.</param>
    /// <param name="y">The pixel's row.</param>
    /// <param name="darkness">How large the dots are there: 0 is none, 1 makes them touch.</param>
    /// <returns>How much of the dot's colour lies on the pixel, 0 to 1.</returns>
    internal float At(int x, int y, float darkness)
    {
        float u = FromDot(((x * _cos) + (y * _sin)) / spacing);
        float v = FromDot(((y * _cos) - (x * _sin)) / spacing);
        float distance = MathF.Sqrt((u * u) + (v * v));
        float radius = 0.55f * MathF.Sqrt(darkness);
        return Shade.SmoothStep(radius + 0.08f, radius - 0.08f, distance);
    }

    private static float FromDot(float position) => position - MathF.Round(position);
}
