using System.Numerics;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Pixels;

/// <summary>A picture as red, green and blue channels.</summary>
internal sealed class ColorChannels(Channel red, Channel green, Channel blue)
{
    internal Channel Red => red;

    internal Channel Green => green;

    internal Channel Blue => blue;

    internal int Width => red.Width;

    internal int Height => red.Height;

    /// <summary>Gets the color of a pixel within the picture.</summary>
    internal Vector3 this[int x, int y] => new(red[x, y], green[x, y], blue[x, y]);

    internal static ColorChannels Read(SKBitmap picture)
    {
        var channels = new ColorChannels(
            new Channel(picture.Width, picture.Height),
            new Channel(picture.Width, picture.Height),
            new Channel(picture.Width, picture.Height));
        ReadOnlySpan<byte> bytes = picture.GetPixelSpan();
        for (int i = 0, b = 0; i < channels.Red.Values.Length; i++, b += 4)
        {
            channels.Red.Values[i] = bytes[b] * (1 / 255f);
            channels.Green.Values[i] = bytes[b + 1] * (1 / 255f);
            channels.Blue.Values[i] = bytes[b + 2] * (1 / 255f);
        }

        return channels;
    }

    internal void Write(SKBitmap picture)
    {
        Span<byte> bytes = picture.GetPixelSpan();
        for (int i = 0, b = 0; i < red.Values.Length; i++, b += 4)
        {
            bytes[b] = ToByte(red.Values[i]);
            bytes[b + 1] = ToByte(green.Values[i]);
            bytes[b + 2] = ToByte(blue.Values[i]);
            bytes[b + 3] = byte.MaxValue;
        }
    }

    /// <summary>Returns each pixel's perceived brightness.</summary>
    internal Channel Luminance()
    {
        var luminance = new Channel(Width, Height);
        for (int i = 0; i < luminance.Values.Length; i++)
            luminance.Values[i] = new Vector3(red.Values[i], green.Values[i], blue.Values[i]).Luminance;
        return luminance;
    }

    /// <summary>Flattens small detail such as pores and hair, and keeps edges.</summary>
    internal ColorChannels Flatten(int radius, float detail) => new(
        GuidedFilter.Flatten(red, radius, detail),
        GuidedFilter.Flatten(green, radius, detail),
        GuidedFilter.Flatten(blue, radius, detail));

    /// <summary>Returns a picture of half the size, rounded up; each pixel is the mean of four.</summary>
    internal ColorChannels Halve() => new(red.Halve(), green.Halve(), blue.Halve());

    /// <summary>Replaces the color of each pixel.</summary>
    internal void Map(Func<int, int, Vector3, Vector3> shade)
    {
        for (int y = 0, i = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++, i++)
            {
                Vector3 result = shade(x, y, new Vector3(red.Values[i], green.Values[i], blue.Values[i]));
                red.Values[i] = result.X;
                green.Values[i] = result.Y;
                blue.Values[i] = result.Z;
            }
        }
    }

    /// <summary>
    /// Returns the distance of a pixel from the picture's center: 0 at the center, 1 at the middle of each border.
    /// </summary>
    internal float DistanceFromCenter(int x, int y)
    {
        float dx = (2 * (x + 0.5f) / Width) - 1;
        float dy = (2 * (y + 0.5f) / Height) - 1;
        return MathF.Sqrt((dx * dx) + (dy * dy));
    }

    private static byte ToByte(float value) => (byte)((Math.Clamp(value, 0f, 1f) * 255f) + 0.5f);
}
