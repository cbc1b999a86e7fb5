using System.Numerics;
using FaceGen.Emulator.Drawing.Pixels;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>
/// A rendered plastic figure: the head becomes a sphere and the brightness its relief. Both are lit from one side, with
/// highlights and a colored rim light.
/// </summary>
internal sealed class ThreeDStyle : Style
{
    internal override void Apply(SKBitmap picture, Variation variation, float strength)
    {
        ColorChannels photo = ColorChannels.Read(picture);
        FaceGeometry face = FaceGeometry.Find(photo);
        ColorChannels channels = photo.Flatten(Scaled(picture, 7), 0.006f * strength);
        Channel form = channels.Luminance().Blur(Scaled(picture, 2));
        float relief = 0.016f * Math.Min(picture.Width, picture.Height) * strength;
        var light = Vector3.Normalize(new Vector3(variation.Light.X, variation.Light.Y, 0.8f));
        var halfway = Vector3.Normalize(light + Vector3.UnitZ);
        Vector3 rim = Colors.FromHsl(variation.Hue, 0.85f, 0.6f);

        channels.Map((x, y, color) =>
        {
            Vector2 slope = Ball(x, y, face) - (Slope(form, x, y) * relief);
            var normal = Vector3.Normalize(new Vector3(slope, 1));
            float diffuse = MathF.Max(0, Vector3.Dot(normal, light));
            float highlight = Power32(MathF.Max(0, Vector3.Dot(normal, halfway)));
            float grazing = (1 - normal.Z) * MathF.Max(0, -Vector3.Dot(normal, light with { Z = 0 }));

            float edge = channels.DistanceFromCenter(x, y);
            Vector3 lit = (color.Saturate(1.35f) * (0.55f + (0.9f * diffuse)))
                .Towards(rim * 0.3f, 0.75f * Shade.SmoothStep(0.6f, 1.35f, edge));
            float gloss = 0.55f * highlight * Shade.SmoothStep(0.15f, 0.6f, form[x, y]);
            return lit.Screen(new Vector3(gloss)) + (rim * (1.6f * grazing));
        });
        channels.Write(picture);
    }

    /// <summary>Returns the slope of the head's surface, outward from its center; zero outside the head.</summary>
    private static Vector2 Ball(int x, int y, FaceGeometry face)
    {
        Vector2 fromMiddle = (new Vector2(x, y) - face.Center) / (face.Radius * new Vector2(1.9f, 2.4f));
        return fromMiddle * (0.9f * Shade.SmoothStep(1.2f, 0.75f, fromMiddle.Length()));
    }

    private static Vector2 Slope(Channel channel, int x, int y) => new(
        channel.At(x + 2, y) - channel.At(x - 2, y), channel.At(x, y + 2) - channel.At(x, y - 2));

    private static float Power32(float value)
    {
        for (int i = 0; i < 5; i++)
            value *= value;
        return value;
    }
}
