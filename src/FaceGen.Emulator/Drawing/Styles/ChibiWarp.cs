using System.Numerics;
using FaceGen.Emulator.Drawing.Pixels;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>
/// Gives a portrait a child's proportions: the head and the eyes grow, what is below the chin shrinks.
/// </summary>
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
                // From the picture back to the photo: out of the grown head first, and then out of its grown eyes.
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

    /// <summary>Where a point within a growing circle came from: nearer to its centre.</summary>
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
