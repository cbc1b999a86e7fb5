using System.Numerics;
using FaceGen.Emulator.Drawing.Pixels;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>
/// Roughly where a portrait's face and eyes are: skin is known by its colour, eyes by being darker than the skin around
/// them. Where that finds nothing sensible, a portrait's usual proportions stand in.
/// </summary>
/// <param name="Center">The middle of the face.</param>
/// <param name="Radius">About half the face's width, in pixels.</param>
/// <param name="Eyes">The left and the right eye as seen.</param>
internal sealed record FaceGeometry(Vector2 Center, float Radius, IReadOnlyList<Vector2> Eyes)
{
    /// <summary>
    /// The largest width at which the face is looked for: enough to tell eyes, small enough to cost nothing.
    /// </summary>
    private const int AnalysisWidth = 128;

    /// <summary>How often the window is moved onto the skin in it; it comes to rest sooner.</summary>
    private const int Iterations = 6;

    internal static FaceGeometry Find(ColorChannels picture)
    {
        ColorChannels small = picture;
        while (small.Width > AnalysisWidth)
            small = small.Halve();
        (Vector2 skin, float radius) = FindSkin(small);
        (Vector2 left, Vector2 right) = FindEyes(small.Luminance(), skin, radius);

        // Where the face is, and how large, the eyes tell more exactly than the skin, which goes on in neck and hair.
        float scale = (float)picture.Width / small.Width;
        float distance = (right.X - left.X) * scale;
        Vector2 between = (left + right) / 2 * scale;
        Vector2 centre = between + new Vector2(0, 0.4f * distance);
        return new FaceGeometry(centre, 1.1f * distance, [left * scale, right * scale]);
    }

    /// <summary>
    /// Mean shift: a window the size of a face moves to the middle of the skin in it, from where portraits have theirs.
    /// </summary>
    private static (Vector2 Centre, float Radius) FindSkin(ColorChannels picture)
    {
        var usual = new Vector2(picture.Width * 0.5f, picture.Height * 0.42f);
        float usualRadius = 0.23f * MathF.Min(picture.Width, picture.Height);
        (Vector2 centre, float radius) = (usual, usualRadius);
        for (int move = 0; move < Iterations; move++)
        {
            (float share, Vector2 middle, float spread) = MeasureSkin(picture, centre, 1.6f * radius);
            if (share is < 0.15f or > 0.95f)
                return (usual, usualRadius);
            centre = middle;
            radius = Math.Clamp(1.9f * spread, 0.7f * usualRadius, 1.15f * usualRadius);
        }

        return (centre, radius);
    }

    /// <returns>How much of a square window is skin, the skin's middle, and its standard deviation sideways.</returns>
    private static (float Share, Vector2 Middle, float Spread) MeasureSkin(
        ColorChannels picture, Vector2 center, float halfSide)
    {
        int left = Math.Max(0, (int)(center.X - halfSide));
        int right = Math.Min(picture.Width, (int)(center.X + halfSide) + 1);
        int top = Math.Max(0, (int)(center.Y - halfSide));
        int bottom = Math.Min(picture.Height, (int)(center.Y + halfSide) + 1);

        int count = 0;
        Vector2 sum = Vector2.Zero;
        float sumOfSquares = 0;
        for (int y = top; y < bottom; y++)
        {
            for (int x = left; x < right; x++)
            {
                if (!IsSkin(picture[x, y]))
                    continue;
                count++;
                sum += new Vector2(x, y);
                sumOfSquares += x * x;
            }
        }

        Vector2 middle = sum / Math.Max(1, count);
        float variance = (sumOfSquares / Math.Max(1, count)) - (middle.X * middle.X);
        float area = MathF.Max(1, (right - left) * (bottom - top));
        return (count / area, middle, MathF.Sqrt(MathF.Max(0, variance)));
    }

    /// <summary>
    /// Human skin of any tone lies in one small region of the chroma plane (after Chai and Ngan, 1999).
    /// </summary>
    private static bool IsSkin(Vector3 color)
    {
        float luminance = color.Luminance;
        float cb = 0.564f * (color.Z - luminance);
        float cr = 0.713f * (color.X - luminance);
        return luminance > 0.15f && cb is > -0.2f and < -0.02f && cr is > 0.04f and < 0.18f;
    }

    /// <summary>The level pair of places that are most darker than their surroundings, where eyes may be.</summary>
    private static (Vector2 Left, Vector2 Right) FindEyes(Channel luminance, Vector2 center, float radius)
    {
        Channel near = luminance.Blur(1);
        Channel around = luminance.Blur(Math.Max(2, (int)(radius / 5)));
        var usual = new Vector2(0.42f * radius, 0);
        (Vector2 Left, Vector2 Right) best = (center - usual, center + usual);
        float most = 0;
        for (float y = center.Y - (0.6f * radius); y <= center.Y + (0.1f * radius); y++)
        {
            for (float x = center.X - (0.4f * radius); x <= center.X + (0.4f * radius); x++)
            {
                for (float half = 0.33f * radius; half <= 0.52f * radius; half++)
                {
                    float darker = MathF.Min(Darkness((int)(x - half), (int)y), Darkness((int)(x + half), (int)y));
                    if (darker > most)
                        (most, best) = (darker, (new Vector2(x - half, y), new Vector2(x + half, y)));
                }
            }
        }

        return best;

        // Weighed by the surroundings, which are skin about an eye and dark about a strand of hair.
        float Darkness(int x, int y) => (around.At(x, y) - near.At(x, y)) * around.At(x, y);
    }
}
