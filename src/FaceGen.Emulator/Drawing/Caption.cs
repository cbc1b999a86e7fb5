using System.Globalization;
using System.Text;
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

/// <summary>Makes text fit: into one line, into a width, and into the letters that the font has.</summary>
internal static class TextFitter
{
    private const string Ellipsis = "…";

    /// <summary>More than any picture is wide.</summary>
    private const int MaxTextLength = 200;

    /// <returns>
    /// The text, or its beginning with an ellipsis where the whole is too wide; empty where nothing fits.
    /// </returns>
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

    /// <summary>One line, with a mark in place of each letter that the font lacks.</summary>
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

/// <summary>
/// The one font that pictures are lettered in; it travels with the assembly, since Linux may have none.
/// </summary>
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
