using SkiaSharp;

namespace FaceGen.Emulator.Drawing;

/// <summary>Makes defective PNGs from good ones, as a failing or censoring service sends them.</summary>
internal static class DefectivePicture
{
    private const int PlaceholderSide = 512;

    /// <summary>The largest value of a color component that is nearly black.</summary>
    private const int MaxNearBlackValue = 5;

    /// <summary>The offset after a PNG's signature and header chunk.</summary>
    private const int HeaderEnd = 33;

    /// <summary>The signature and header of a PNG of 65,535 x 65,535 pixels, with a valid checksum.</summary>
    private static readonly byte[] HugeHeaderBytes =
        Convert.FromHexString("89504E470D0A1A0A0000000D494844520000FFFF0000FFFF0806000000B605D950");

    /// <summary>Gets the placeholder image that replaces any picture: a no-entry sign.</summary>
    internal static byte[] Placeholder { get; } = DrawPlaceholder();

    internal static byte[] Black(byte[] png) => Redraw(png, static canvas => canvas.Clear(SKColors.Black));

    internal static byte[] NearBlack(byte[] png)
    {
        using SKBitmap picture = SKBitmap.Decode(png);
        for (int y = 0; y < picture.Height; y++)
        {
            for (int x = 0; x < picture.Width; x++)
                picture.SetPixel(x, y, new SKColor(Part(x + y), Part(x * y), Part(x - y)));
        }

        return Encode(picture);

        static byte Part(int number) => (byte)(Math.Abs(number) % (MaxNearBlackValue + 1));
    }

    internal static byte[] HalfSize(byte[] png)
    {
        using SKBitmap picture = SKBitmap.Decode(png);
        using SKBitmap half = picture.Resize(
            new SKSizeI(Math.Max(1, picture.Width / 2), Math.Max(1, picture.Height / 2)), SKSamplingOptions.Default);
        return Encode(half);
    }

    internal static byte[] HugeHeader(byte[] png) => [.. HugeHeaderBytes, .. png.AsSpan(HeaderEnd)];

    private static byte[] DrawPlaceholder()
    {
        using var picture = new SKBitmap(PlaceholderSide, PlaceholderSide);
        using var canvas = new SKCanvas(picture);
        using var paint = new SKPaint { Color = new SKColor(0xC0, 0x20, 0x28), IsAntialias = true };
        canvas.Clear(new SKColor(0xE8, 0xE8, 0xE8));
        canvas.DrawCircle(256, 256, 200, paint);
        paint.Color = SKColors.White;
        canvas.DrawRect(116, 226, 280, 60, paint);
        return Encode(picture);
    }

    private static byte[] Redraw(byte[] png, Action<SKCanvas> draw)
    {
        using SKBitmap picture = SKBitmap.Decode(png);
        using var canvas = new SKCanvas(picture);
        draw(canvas);
        return Encode(picture);
    }

    private static byte[] Encode(SKBitmap picture)
    {
        using SKData data = picture.Encode(SKEncodedImageFormat.Png, quality: 100);
        return data.ToArray();
    }
}
