using System.Numerics;
using FaceGen.Emulator.Drawing.Pixels;

namespace FaceGen.Emulator.Drawing.Styles;

/// <summary>
/// The estimated position of a portrait's face and eyes. Skin is found by its color, eyes by their darkness. If the
/// result is implausible, the typical proportions of a portrait are used.
/// </summary>
/// <param name="Center">The center of the face.</param>
/// <param name="Radius">About half the face's width, in pixels.</param>
/// <param name="Eyes">The left and the right eye as seen.</param>
internal sealed record FaceGeometry(Vector2 Center, float Radius, IReadOnlyList<Vector2> Eyes)
{
    /// <summary>The width at which the face is analyzed: large enough to find eyes, small enough to be cheap.</summary>
    private const int AnalysisWidth = 128;

    /// <summary>The number of mean-shift steps; the window converges sooner.</summary>
    private const int Iterations = 6;

    internal static FaceGeometry Find(ColorChannels picture)
    {
        ColorChannels small = picture;
        while (small.Width > AnalysisWidth)
            small = small.Halve();
        (Vector2 skin, float radius) = FindSkin(small);
        (Vector2 left, Vector2 right) = FindEyes(small.Luminance(), skin, radius);

        // The eyes give position and size more exactly than the skin, which continues into neck and hair.
        float scale = (float)picture.Width / small.Width;
        float distance = (right.X - left.X) * scale;
        Vector2 between = (left + right) / 2 * scale;
        Vector2 center = between + new Vector2(0, 0.4f * distance);
        return new FaceGeometry(center, 1.1f * distance, [left * scale, right * scale]);
    }

    /// <summary>Finds the face by mean shift: a window the size of a face moves to the center of the skin in it.</summary>
    private static (Vector2 Center, float Radius) FindSkin(ColorChannels picture)
    {
        var typical = new Vector2(picture.Width * 0.5f, picture.Height * 0.42f);
        float typicalRadius = 0.23f * MathF.Min(picture.Width, picture.Height);
        (Vector2 center, float radius) = (typical, typicalRadius);
        for (int move = 0; move < Iterations; move++)
        {
            (float share, Vector2 middle, float spread) = MeasureSkin(picture, center, 1.6f * radius);
            if (share is < 0.15f or > 0.95f)
                return (typical, typicalRadius);
            center = middle;
            radius = Math.Clamp(1.9f * spread, 0.7f * typicalRadius, 1.15f * typicalRadius);
        }

        return (center, radius);
    }

    /// <summary>Measures the skin in a square window.</summary>
    /// <returns>The share of skin, its center, and its horizontal standard deviation.</returns>
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
    /// Returns whether a color is human skin: all tones lie in one small region of the chroma plane (after Chai and
    /// Ngan, 1999).
    /// </summary>
    private static bool IsSkin(Vector3 color)
    {
        float luminance = color.Luminance;
        float cb = 0.564f * (color.Z - luminance);
        float cr = 0.713f * (color.X - luminance);
        return luminance > 0.15f && cb is > -0.2f and < -0.02f && cr is > 0.04f and < 0.18f;
    }

    /// <summary>Finds the horizontal pair of points that are darkest relative to their surroundings.</summary>
    private static (Vector2 Left, Vector2 Right) FindEyes(Channel luminance, Vector2 center, float radius)
    {
        Channel near = luminance.Blur(1);
        Channel around = luminance.Blur(Math.Max(2, (int)(radius / 5)));
        var typical = new Vector2(0.42f * radius, 0);
        (Vector2 Left, Vector2 Right) best = (center - typical, center + typical);
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

        // Weighted by the surroundings: skin around an eye, dark around a strand of hair.
        float Darkness(int x, int y) => (around.At(x, y) - near.At(x, y)) * around.At(x, y);
    }
}
