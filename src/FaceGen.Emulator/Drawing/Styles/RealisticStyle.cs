using System.Numerics;
using FaceGen.Emulator.Drawing.Pixels;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>A graded photograph: crisp, some contrast, a warm or cool tint, darker corners, fine grain.</summary>
internal sealed class RealisticStyle : Style
{
    internal override void Apply(SKBitmap picture, Variation variation, float strength)
    {
        ColorChannels channels = ColorChannels.Read(picture);
        Channel soft = channels.Luminance().Blur(Scaled(picture, 2));
        Vector3 cast = Colors.FromHsl(variation.Hue, 0.6f, 0.5f).Towards(new Vector3(0.56f, 0.5f, 0.44f), 0.7f) * 2;

        channels.Map((x, y, color) =>
        {
            float luminance = color.Luminance;
            float crisp = luminance + (0.6f * (luminance - soft[x, y]));
            float contrasted = crisp + ((Shade.SmoothStep(0, 1, crisp) - crisp) * 0.5f * strength);
            float edge = channels.DistanceFromCenter(x, y);
            float vignette = 1 - (0.55f * strength * Shade.SmoothStep(0.55f, 1.45f, edge));
            float grain = 0.018f * Shade.Noise(x, y, variation.Grain);
            Vector3 toned = color.WithLuminance(contrasted);
            Vector3 graded = toned.Towards(toned * cast, 0.45f * strength);
            return (graded * vignette) + new Vector3(grain);
        });
        channels.Write(picture);
    }
}
