using System.Numerics;
using FaceGen.Emulator.Drawing.Pixels;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>A printed comic: few flat colors, ink lines, halftone dots in the shadows, a panel's frame.</summary>
internal sealed class ComicStyle : Style
{
    private const int Levels = 4;

    internal override void Apply(SKBitmap picture, Variation variation, float strength)
    {
        ColorChannels photo = ColorChannels.Read(picture);
        Channel ink = InkLines.Find(photo.Luminance(), Scaled(picture, 2), 0.018f / strength);
        ColorChannels channels = photo.Flatten(Scaled(picture, 6), 0.012f * strength);
        var dots = new Halftone(Scaled(picture, 7), variation.Light);
        Vector3 paper = Colors.FromHsl(40 + (variation.Hue / 24), 0.9f, 0.93f);

        channels.Map((x, y, color) =>
        {
            float luminance = Math.Clamp((color.Luminance * 1.15f) + 0.04f, 0, 1);
            float level = Shade.Posterize(luminance, Levels, 0.15f);
            Vector3 flat = color.Saturate(1.7f * strength).WithLuminance(0.12f + (0.88f * level)) * paper;
            float shadow = Shade.SmoothStep(0.75f, 0.2f, luminance);
            Vector3 printed = flat.Towards(flat * 0.55f, dots.At(x, y, shadow));
            return printed.Towards(new Vector3(0.04f, 0.03f, 0.07f), ink[x, y]);
        });
        channels.Write(picture);
        DrawFrame(picture);
    }

    private static void DrawFrame(SKBitmap picture)
    {
        int stroke = Scaled(picture, 5);
        using var canvas = new SKCanvas(picture);
        using var pen = new SKPaint { Style = SKPaintStyle.Stroke, Color = SKColors.White, StrokeWidth = 4 * stroke };
        canvas.DrawRect(0, 0, picture.Width, picture.Height, pen);
        pen.Color = SKColors.Black;
        pen.StrokeWidth = stroke;
        SKRect panel = SKRect.Inflate(SKRect.Create(picture.Width, picture.Height), -2 * stroke, -2 * stroke);
        canvas.DrawRect(panel, pen);
    }
}

/// <summary>The dots of a halftone screen, rotated by about 45 degrees.</summary>
/// <param name="spacing">The distance between dots, in pixels.</param>
/// <param name="light">The light of the variation; it rotates the screen slightly.</param>
internal sealed class Halftone(int spacing, SKPoint light)
{
    private readonly float _cos = MathF.Cos((MathF.PI / 4) + (0.2f * light.X));
    private readonly float _sin = MathF.Sin((MathF.PI / 4) + (0.2f * light.X));

    /// <summary>Returns the dot coverage of a pixel.</summary>
    /// <param name="x">The pixel's column.</param>
    /// <param name="y">The pixel's row.</param>
    /// <param name="darkness">The size of the dots: 0 is none, 1 makes them touch.</param>
    /// <returns>The coverage, 0 to 1.</returns>
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
