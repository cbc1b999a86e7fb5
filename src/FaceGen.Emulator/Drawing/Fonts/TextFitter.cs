using System.Globalization;
using System.Text;
using SkiaSharp;

namespace FaceGen.Emulator.Drawing.Fonts;

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
