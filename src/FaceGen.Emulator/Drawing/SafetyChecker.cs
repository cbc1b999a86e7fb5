using System.Buffers;
using FaceGen.Emulator.Generating;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing;

/// <summary>The treatment of a picture that is not safe for work.</summary>
internal enum SafetyTreatment
{
    None,
    Black,
    Blur,
    Pixelate,
    SensitiveContentText,
}

/// <summary>
/// Selects the safety treatment. The emulator draws nothing unsafe, so it checks the prompt: one that contains
/// <c>nsfw</c>, <c>nude</c> or <c>explicit</c>, in any case, counts as unsafe.
/// </summary>
internal static class SafetyChecker
{
    private static readonly SearchValues<string> UnsafeWords =
        SearchValues.Create(["nsfw", "nude", "explicit"], StringComparison.OrdinalIgnoreCase);

    internal static SafetyTreatment Check(GenerationParameters parameters) =>
        !parameters.SafetyChecker || !parameters.Prompt.AsSpan().ContainsAny(UnsafeWords)
            ? SafetyTreatment.None
            : parameters.SafetyCheckerType switch
            {
                "black" => SafetyTreatment.Black,
                "blur" => SafetyTreatment.Blur,
                "pixelate" => SafetyTreatment.Pixelate,
                _ => SafetyTreatment.SensitiveContentText,
            };
}

/// <summary>Applies the four safety treatments.</summary>
internal static class SafetyTreatments
{
    private const string SensitiveContent = "Sensitive content";

    internal static void Apply(SKBitmap picture, SafetyTreatment treatment)
    {
        using var canvas = new SKCanvas(picture);
        switch (treatment)
        {
            case SafetyTreatment.Black:
                canvas.Clear(SKColors.Black);
                break;
            case SafetyTreatment.Blur:
                Blur(canvas, picture);
                break;
            case SafetyTreatment.Pixelate:
                Pixelate(canvas, picture);
                break;
            case SafetyTreatment.SensitiveContentText:
                Blur(canvas, picture);
                DrawText(canvas, picture);
                break;
            default:
                break;
        }
    }

    private static void Blur(SKCanvas canvas, SKBitmap picture)
    {
        float sigma = Math.Max(1, Math.Min(picture.Width, picture.Height) / 16f);
        using SKImageFilter filter = SKImageFilter.CreateBlur(sigma, sigma, SKShaderTileMode.Clamp);
        using var paint = new SKPaint { ImageFilter = filter };
        Redraw(canvas, picture, picture.Info.Rect, SKSamplingOptions.Default, paint);
    }

    private static void Pixelate(SKCanvas canvas, SKBitmap picture)
    {
        int block = Math.Max(2, Math.Min(picture.Width, picture.Height) / 14);
        var info = picture.Info.WithSize(
            Math.Max(1, picture.Width / block), Math.Max(1, picture.Height / block));
        using SKBitmap small = picture.Resize(info, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        Redraw(canvas, small, picture.Info.Rect, new SKSamplingOptions(SKFilterMode.Nearest), paint: null);
    }

    private static void DrawText(SKCanvas canvas, SKBitmap picture)
    {
        using var paint = new SKPaint { Color = new SKColor(0, 0, 0, 0x70), IsAntialias = true };
        canvas.DrawPaint(paint);

        using var font = new SKFont(EmulatorFont.Typeface, 24);
        font.Size *= picture.Width * 0.8f / font.MeasureText(SensitiveContent);
        paint.Color = SKColors.White;
        canvas.DrawText(SensitiveContent, picture.Width / 2f, picture.Height / 2f, SKTextAlign.Center, font, paint);
    }

    /// <summary>Draws from a copy, because a canvas cannot read the pixels that it writes.</summary>
    private static void Redraw(
        SKCanvas canvas, SKBitmap source, SKRect target, SKSamplingOptions sampling, SKPaint? paint)
    {
        using SKImage copy = SKImage.FromPixelCopy(source.PeekPixels());
        canvas.DrawImage(copy, target, sampling, paint);
    }
}
