using SkiaSharp;

namespace FaceGen.Emulator.Tests.Support;

/// <summary>A simple drawn portrait: skin, hair, eyes, mouth, shoulders, and a textured background.</summary>
internal static class SyntheticFace
{
    public static byte[] Png { get; } = Draw(400, 500, SKEncodedImageFormat.Png);

    public static string DataUri { get; } = ToDataUri(Png);

    public static string ToDataUri(byte[] image, string mediaType = "image/png") =>
        $"data:{mediaType};base64,{Convert.ToBase64String(image)}";

    public static byte[] Draw(int width, int height, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(width, height);
        using var canvas = new SKCanvas(bitmap);
        canvas.Scale(width / 400f, height / 500f);
        canvas.Clear(new SKColor(0x70, 0x90, 0xA8));

        using var paint = new SKPaint { IsAntialias = true };
        for (int i = 0; i < 12; i++)
        {
            paint.Color = new SKColor((byte)(0x60 + (i * 6)), 0x88, 0x98);
            canvas.DrawCircle(i * 37 % 400, i * 61 % 300, 18, paint);
        }

        Oval(200, 480, 170, 110, new SKColor(0x24, 0x48, 0x90));
        Oval(200, 190, 132, 160, new SKColor(0x48, 0x2C, 0x1C));
        Oval(200, 220, 104, 134, new SKColor(0xE4, 0xB4, 0x94));
        Oval(158, 205, 22, 12, SKColors.White);
        Oval(242, 205, 22, 12, SKColors.White);
        Oval(158, 205, 10, 11, new SKColor(0x20, 0x30, 0x28));
        Oval(242, 205, 10, 11, new SKColor(0x20, 0x30, 0x28));
        Oval(200, 300, 42, 14, new SKColor(0xB0, 0x40, 0x48));

        using SKData data = bitmap.Encode(format, 90);
        return data.ToArray();

        void Oval(float x, float y, float radiusX, float radiusY, SKColor color)
        {
            paint.Color = color;
            canvas.DrawOval(x, y, radiusX, radiusY, paint);
        }
    }
}
