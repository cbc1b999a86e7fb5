using System.Numerics;
using FaceGen.Emulator.Drawing.Pixels;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>An anime cel: smooth skin, few tones with soft borders, bright colors, thin dark lines, glowing light.</summary>
internal sealed class AnimeStyle : Style
{
    private const int Tones = 5;
    private static readonly Vector3 LineColor = new(0.16f, 0.08f, 0.2f);
    private static readonly Vector3 BloomColor = new(1, 0.95f, 0.9f);

    internal override void Apply(SKBitmap picture, Variation variation, float strength)
    {
        ColorChannels photo = ColorChannels.Read(picture);
        Channel lines = InkLines.Find(photo.Luminance(), 1, 0.02f / strength);
        ColorChannels channels = photo.Flatten(Scaled(picture, 9), 0.03f * strength);
        Channel glow = channels.Luminance();
        for (int i = 0; i < glow.Values.Length; i++)
            glow.Values[i] = Shade.SmoothStep(0.6f, 1, glow.Values[i]);
        glow = glow.Blur(Scaled(picture, 14));
        Vector3 sky = Colors.FromHsl(variation.Hue, 0.85f, 0.68f);

        channels.Map((x, y, color) =>
        {
            float luminance = MathF.Sqrt(color.Luminance);
            float tone = Shade.Posterize(luminance, Tones, 0.45f);
            Vector3 cel = color.Saturate(1.55f * strength).WithLuminance(0.1f + (0.88f * tone));
            float u = (x / (float)photo.Width) - 0.5f;
            float v = (y / (float)photo.Height) - 0.5f;
            float lit = Math.Clamp(0.35f + (u * variation.Light.X) + (v * variation.Light.Y), 0, 1);
            Vector3 bloomed = cel.Screen(sky * (0.45f * lit)).Screen(BloomColor * (0.35f * glow[x, y]));
            return bloomed.Towards(LineColor, 0.85f * lines[x, y]);
        });
        channels.Write(picture);
    }
}
