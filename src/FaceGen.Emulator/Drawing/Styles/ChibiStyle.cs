using System.Numerics;
using FaceGen.Emulator.Drawing.Pixels;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>A cute figure: a big head on a small body, big eyes, red cheeks, soft pastel colors.</summary>
internal sealed class ChibiStyle : Style
{
    private static readonly Vector3 LineColor = new(0.42f, 0.24f, 0.34f);
    private static readonly SKColor CheekColor = new(0xFF, 0x6E, 0x8A);

    internal override void Apply(SKBitmap picture, Variation variation, float strength)
    {
        ColorChannels photo = ColorChannels.Read(picture);
        FaceGeometry face = FaceGeometry.Find(photo);
        ColorChannels channels = ChibiWarp.Apply(photo, face, strength);
        Channel lines = InkLines.Find(channels.Luminance(), Scaled(picture, 1.5f), 0.02f / strength);
        channels = channels.Flatten(Scaled(picture, 9), 0.02f * strength);
        Vector3 background = Colors.FromHsl(variation.Hue, 0.75f, 0.84f);

        channels.Map((x, y, color) =>
        {
            float luminance = 0.12f + (0.88f * MathF.Pow(color.Luminance, 0.7f));
            Vector3 pastel = color.Saturate(1.3f).WithLuminance(Shade.Posterize(luminance, 6, 0.6f))
                .Towards(background, 0.1f);
            Vector3 drawn = pastel.Towards(LineColor, 0.8f * lines[x, y]);
            float edge = channels.DistanceFromCenter(x, y);
            return drawn.Towards(background, Shade.SmoothStep(0.85f, 1.05f, edge));
        });
        channels.Write(picture);
        Decorate(picture, face, variation);
    }

    private static void Decorate(SKBitmap picture, FaceGeometry face, Variation variation)
    {
        using var canvas = new SKCanvas(picture);
        using var paint = new SKPaint { IsAntialias = true };
        float radius = face.Radius * 0.36f;
        using SKImageFilter soft = SKImageFilter.CreateBlur(radius * 0.4f, radius * 0.4f);
        paint.ImageFilter = soft;
        paint.Color = CheekColor.WithAlpha(0x70);
        foreach (Vector2 eye in face.Eyes)
        {
            float x = face.Center.X + (1.6f * (eye.X - face.Center.X));
            float y = face.Center.Y + (0.5f * face.Radius);
            canvas.DrawOval(x, y, radius, radius * 0.65f, paint);
        }

        paint.ImageFilter = null;
        paint.Color = SKColors.White.WithAlpha(0xC0);
        for (uint i = 0; i < 14; i++)
        {
            float angle = MathF.PI * Shade.Noise((int)i, 1, variation.Grain);
            float away = 1.02f + (0.2f * Shade.Noise((int)i, 2, variation.Grain));
            float size = Scaled(picture, 7 + (4 * Shade.Noise((int)i, 3, variation.Grain)));
            canvas.DrawCircle(
                picture.Width * 0.5f * (1 + (away * MathF.Cos(angle))),
                picture.Height * 0.5f * (1 + (away * MathF.Sin(angle))),
                size,
                paint);
        }
    }
}

/// <summary>Warps a portrait to a child's proportions: the head and the eyes grow, the body shrinks.</summary>
internal static class ChibiWarp
{
    private const float HeadGrowth = 0.3f;
    private const float EyeGrowth = 0.5f;
    private const float BodyShrinkage = 0.7f;

    internal static ColorChannels Apply(ColorChannels source, FaceGeometry face, float strength)
    {
        var result = new ColorChannels(
            new Channel(source.Width, source.Height),
            new Channel(source.Width, source.Height),
            new Channel(source.Width, source.Height));
        Vector2 middle = (face.Eyes[0] + face.Eyes[1]) / 2;
        float chin = face.Center.Y + (1.5f * face.Radius);
        for (int y = 0, i = 0; y < source.Height; y++)
        {
            float shrink = BodyShrinkage * strength * Shade.SmoothStep(chin, chin + (2 * face.Radius), y);
            for (int x = 0; x < source.Width; x++, i++)
            {
                // Maps the picture back to the photo: first out of the enlarged head, then out of its enlarged eyes.
                Vector2 from = new(x, y);
                from.X = middle.X + ((from.X - middle.X) * (1 + shrink));
                from = Magnify(from, middle, 3 * face.Radius, HeadGrowth * strength);
                foreach (Vector2 eye in face.Eyes)
                    from = Magnify(from, eye, 0.55f * face.Radius, EyeGrowth * strength);

                Sample(source, from, result, i);
            }
        }

        return result;
    }

    /// <summary>Returns the source of a point within a growing circle: nearer to its center.</summary>
    private static Vector2 Magnify(Vector2 point, Vector2 center, float radius, float growth)
    {
        Vector2 fromCentre = point - center;
        float distance = fromCentre.LengthSquared() / (radius * radius);
        if (distance >= 1)
            return point;

        float rest = 1 - distance;
        return center + (fromCentre * (1 - (growth * rest * rest)));
    }

    private static void Sample(ColorChannels source, Vector2 at, ColorChannels target, int index)
    {
        float atX = Math.Clamp(at.X, 0, source.Width - 1);
        float atY = Math.Clamp(at.Y, 0, source.Height - 1);
        int x = (int)atX;
        int y = (int)atY;
        int upperLeft = (y * source.Width) + x;
        int right = x < source.Width - 1 ? 1 : 0;
        int down = y < source.Height - 1 ? source.Width : 0;
        target.Red.Values[index] = Interpolate(source.Red.Values, upperLeft, right, down, atX - x, atY - y);
        target.Green.Values[index] = Interpolate(source.Green.Values, upperLeft, right, down, atX - x, atY - y);
        target.Blue.Values[index] = Interpolate(source.Blue.Values, upperLeft, right, down, atX - x, atY - y);
    }

    private static float Interpolate(float[] values, int upperLeft, int right, int down, float u, float v)
    {
        float above = values[upperLeft] + (u * (values[upperLeft + right] - values[upperLeft]));
        int lowerLeft = upperLeft + down;
        float below = values[lowerLeft] + (u * (values[lowerLeft + right] - values[lowerLeft]));
        return above + (v * (below - above));
    }
}
