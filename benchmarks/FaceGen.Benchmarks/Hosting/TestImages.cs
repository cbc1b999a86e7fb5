using SkiaSharp;

namespace FaceGen.Benchmarks.Hosting;

/// <summary>Creates images of a given file size: a gradient with enough noise.</summary>
internal static class TestImages
{
    private const int MaxAmplitude = 128;

    /// <summary>Returns a PNG of slightly more than the given bytes.</summary>
    internal static byte[] Png(int width, int height, int bytes, int seed)
    {
        int low = 0, high = MaxAmplitude;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Encode(width, height, middle, seed).Length < bytes) low = middle + 1;
            else high = middle;
        }

        return Encode(width, height, low, seed);
    }

    private static byte[] Encode(int width, int height, int amplitude, int seed)
    {
        var random = new Random(seed);
        var pixels = new SKColor[width * height];
        for (int i = 0; i < pixels.Length; i++)
        {
            int x = i % width, y = i / width;
            pixels[i] = new SKColor(Channel(x * 255 / width), Channel(y * 255 / height), Channel((x + y) * 255 / (width + height)));
        }

        using var bitmap = new SKBitmap(width, height, SKColorType.Rgb888x, SKAlphaType.Opaque);
        bitmap.Pixels = pixels;
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();

        byte Channel(int value) => (byte)Math.Clamp(value + random.Next(-amplitude, amplitude + 1), 0, 255);
    }
}
