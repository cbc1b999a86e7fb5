using System.Globalization;
using System.Text;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing;

/// <summary>Draws a caption at the bottom of a picture: the mark "EMULATED", the prompt, the style and the seed.</summary>
internal static class Caption
{
    private const string Mark = "EMULATED";

    /// <summary>Below this height only the mark is drawn, without the prompt.</summary>
    private const int MinHeightForPrompt = 160;

    /// <summary>Text below this size, in pixels, is unreadable.</summary>
    private const float MinTextSize = 7;

    private static readonly SKColor Band = new(0x10, 0x14, 0x1C, 0xB8);
    private static readonly SKColor Accent = new(0xFF, 0xD1, 0x66);

    internal static void Draw(SKBitmap picture, PictureSpec spec)
    {
        bool withPrompt = picture.Height >= MinHeightForPrompt;
        float size = Math.Clamp(Math.Min(picture.Width, picture.Height) * 0.034f, 10, 18);
        using var font = new SKFont(EmulatorFont.Typeface, size) { Edging = SKFontEdging.Antialias };
        float margin = size * 0.6f;
        float available = picture.Width - (2 * margin);
        float markWidth = font.MeasureText(Mark);
        if (markWidth > available)
            font.Size = size *= available / markWidth;

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
            canvas.DrawText(TextFitter.Shorten(spec.Prompt, font, available), margin, baseline - lineHeight, font, paint);
    }
}

/// <summary>Fits text into one line, a width and the glyphs of the font.</summary>
internal static class TextFitter
{
    private const string Ellipsis = "…";

    /// <summary>Longer than any picture is wide.</summary>
    private const int MaxTextLength = 200;

    /// <summary>Shortens text to a width.</summary>
    /// <returns>The text, its beginning with an ellipsis, or an empty string if nothing fits.</returns>
    internal static string Shorten(string text, SKFont font, float width)
    {
        string line = ToDrawable(text, font);
        if (font.MeasureText(line) <= width)
            return line;

        int[] ends = StringInfo.ParseCombiningCharacters(line);
        for (int i = ends.Length - 1; i > 0; i--)
        {
            string shorter = line[..ends[i]].TrimEnd() + Ellipsis;
            if (font.MeasureText(shorter) <= width)
                return shorter;
        }

        return "";
    }

    /// <summary>Returns one line, with a box in place of each character that the font lacks.</summary>
    private static string ToDrawable(string text, SKFont font)
    {
        var line = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes().Take(MaxTextLength))
        {
            if (Rune.IsWhiteSpace(rune) || Rune.IsControl(rune))
                line.Append(' ');
            else if (font.GetGlyph(rune.Value) != 0)
                line.Append(rune.ToString());
            else
                line.Append('\u25A1');
        }

        return line.ToString().Trim();
    }
}

/// <summary>The font of all text in pictures. It is embedded, because a Linux machine may have no fonts.</summary>
internal static class EmulatorFont
{
    private const string Resource = "DejaVuSans-subset.ttf";

    internal static SKTypeface Typeface { get; } = Load();

    private static SKTypeface Load()
    {
        using Stream stream = typeof(EmulatorFont).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {Resource}.");
        return SKTypeface.FromStream(stream)
            ?? throw new InvalidOperationException($"Skia could not read the font {Resource}.");
    }
}
