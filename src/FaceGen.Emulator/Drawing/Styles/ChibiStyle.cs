using System.Numerics;
using FaceGen.Emulator.Drawing.Pixels;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>A cute figure: a big head on a small body, big eyes, red cheeks, all in soft pastel colours.</summary>
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
