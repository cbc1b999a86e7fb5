using System.Globalization;
using FaceGen.Emulator.Drawing.Fonts;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing;

/// <summary>Marks a picture as emulated: a band at its foot with the prompt, the style and the seed.</summary>
internal static class Caption
{
    private const string Mark = "EMULATED";

    /// <summary>Below this height the prompt has no room and the mark stands alone.</summary>
    private const int MinHeightForPrompt = 160;

    /// <summary>Letters below this size, in pixels, cannot be read.</summary>
    private const float MinTextSize = 7;

    private static readonly SKColor Band = new(0x10, 0x14, 0x1C, 0xB8);
    private static readonly SKColor Accent = new(0xFF, 0xD1, 0x66);

    internal static void Draw(SKBitmap picture, PictureSpec spec)
    {
        bool withPrompt = picture.Height >= MinHeightForPrompt;
        float size = Math.Clamp(Math.Min(picture.Width, picture.Height) * 0.034f, 10, 18);
        using var font = new SKFont(EmulatorFont.Typeface, size) { Edging = SKFontEdging.Antialias };
        float margin = size * 0.6f;
        float room = picture.Width - (2 * margin);
        float markWidth = font.MeasureText(Mark);
        if (markWidth > room)
            font.Size = size *= room / markWidth;

        float lineHeight = size * 1.4f;
        float height = Math.Min(picture.Height, (withPrompt ? 2 * lineHeight : lineHeight) + (size * 0.5f));
        using var canvas = new SKCanvas(picture);
        using var paint = new SKPaint { Color = Band, IsAntialias = true };
        canvas.DrawRect(0, picture.Height - height, picture.Width, height, paint);
        if (size < MinTextSize)
            return;

        float baseline = picture.Height - (size * 0.6f);
        paint.Color = Accent;
        canvas.DrawText(Mark, margin, baseline, font, paint);

        paint.Color = SKColors.White;
        float start = margin + font.MeasureText($"{Mark}  ");
        string image = spec.Index == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" · image {spec.Index + 1}");
        string facts = string.Create(CultureInfo.InvariantCulture, $"{spec.Style} · seed {spec.Seed}{image}");
        canvas.DrawText(
            TextFitter.Shorten(facts, font, picture.Width - margin - start), start, baseline, font, paint);
        if (withPrompt)
            canvas.DrawText(TextFitter.Shorten(spec.Prompt, font, room), margin, baseline - lineHeight, font, paint);
    }
}
