using SkiaSharp;

namespace FaceGen.Emulator.Drawing;

/// <summary>Draws the stand-in for a face image behind an external link, which the offline emulator does not download.</summary>
internal static class Placeholder
{
    private const int Width = 512;
    private const int Height = 640;

    internal static SKImage Draw(string link)
    {
        using SKSurface surface = Surfaces.Create(Width, Height);
        SKCanvas canvas = surface.Canvas;
        DrawBackground(canvas);
        DrawPerson(canvas);

        using var font = new SKFont(EmulatorFont.Typeface, 26);
        using var ink = new SKPaint { Color = SKColors.White, IsAntialias = true };
        canvas.DrawText("The emulator works offline:", Width / 2, 384, SKTextAlign.Center, font, ink);
        canvas.DrawText("this link was not fetched", Width / 2, 416, SKTextAlign.Center, font, ink);
        font.Size = 18;
        canvas.DrawText(TextFitter.Shorten(link, font, Width - 80), Width / 2, 448, SKTextAlign.Center, font, ink);
        return surface.Snapshot();
    }

    private static void DrawBackground(SKCanvas canvas)
    {
        using var gradient = SKShader.CreateLinearGradient(
            new SKPoint(0, 0),
            new SKPoint(0, Height),
            [new SKColor(0xB8, 0xC8, 0xD8), new SKColor(0x58, 0x68, 0x78)],
            SKShaderTileMode.Clamp);
        using var paint = new SKPaint { Shader = gradient };
        canvas.DrawPaint(paint);
    }

    private static void DrawPerson(SKCanvas canvas)
    {
        using var paint = new SKPaint { IsAntialias = true, Color = new SKColor(0x38, 0x44, 0x54) };
        canvas.DrawRoundRect(SKRect.Create(76, 326, 360, 400), 130, 130, paint);
        paint.Color = new SKColor(0xE0, 0xB8, 0x9A);
        canvas.DrawOval(256, 200, 88, 112, paint);
        paint.Color = new SKColor(0x38, 0x30, 0x2C);
        canvas.DrawOval(222, 190, 10, 8, paint);
        canvas.DrawOval(290, 190, 10, 8, paint);
        paint.Style = SKPaintStyle.Stroke;
        paint.StrokeWidth = 5;
        canvas.DrawArc(SKRect.Create(222, 216, 68, 42), 30, 120, useCenter: false, paint);
    }
}
