using System.Text;

namespace FaceGen.Console.Output;

/// <summary>How many columns of a terminal a text takes.</summary>
internal static class CellWidth
{
    /// <summary>
    /// The first and last code point of each stretch that takes two columns: East Asian letters and emoji.
    /// </summary>
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF),
        (0xFE30, 0xFE6F), (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF),
        (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    /// <summary>The columns of a text without control sequences.</summary>
    internal static int Of(ReadOnlySpan<char> text)
    {
        int width = 0;
        foreach (Rune rune in text.EnumerateRunes())
            width += Of(rune);
        return width;
    }

    /// <summary>As much of the text's beginning as fits; an ellipsis tells that something was cut off.</summary>
    internal static string Clip(string text, int columns)
    {
        if (Of(text) <= columns)
            return text;

        int width = 1;
        int length = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            width += Of(rune);
            if (width > columns)
                break;
            length += rune.Utf16SequenceLength;
        }

        return text[..length] + '…';
    }

    private static int Of(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        System.Globalization.UnicodeCategory.NonSpacingMark
            or System.Globalization.UnicodeCategory.EnclosingMark
            or System.Globalization.UnicodeCategory.Format
            or System.Globalization.UnicodeCategory.Control => 0,
        _ => Array.Exists(Wide, stretch => rune.Value >= stretch.First && rune.Value <= stretch.Last) ? 2 : 1,
    };
}
