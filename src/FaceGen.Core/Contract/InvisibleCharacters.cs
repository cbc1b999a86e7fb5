using System.Globalization;
using System.Text;

namespace FaceGen.Contract;

/// <summary>
/// Finds characters that a person does not see: blanks of every width, zero-width and format characters, controls. They get
/// into cells and headers by copying from a web page, a document or a spreadsheet.
/// </summary>
internal static class InvisibleCharacters
{
    /// <summary>True if the text is empty, or none of its characters can be seen.</summary>
    internal static bool IsEmpty(string? text) => text is null || Trim(text).Length == 0;

    /// <summary>Removes what cannot be seen from the beginning and the end.</summary>
    internal static string Trim(string text)
    {
        int start = 0, end = text.Length;
        while (start < end && GetInvisibleLength(text, start) is var length and > 0) start += length;
        while (end > start && (IsInvisible(text[end - 1]) || (end - start > 1 && IsTagCharacter(text, end - 2)))) end -= IsInvisible(text[end - 1]) ? 1 : 2;
        return start == 0 && end == text.Length ? text : text.Substring(start, end - start);
    }

    /// <summary>
    /// Makes text fit to be quoted in a message: what cannot be seen is written as an escape such as <c>\u200B</c>, and ordinary white
    /// space is folded to one blank.
    /// </summary>
    internal static string Escape(string text, int maxLength)
    {
        var shown = new StringBuilder(Math.Min(text.Length, maxLength) + 8);
        foreach (char c in text)
        {
            if (shown.Length > maxLength) break;

            if (c is ' ' or '\t' or '\r' or '\n') shown.Append(' ');
            else if (IsInvisible(c)) shown.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
            else shown.Append(c);
        }

        return DisplayText.Clean(shown.ToString(), maxLength);
    }

    /// <summary>True if a character by itself cannot be seen.</summary>
    internal static bool IsInvisible(char c) => c is not (> ' ' and <= '~')
        && (char.IsWhiteSpace(c) || char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format || IsBlankLetter(c));

    /// <summary>Letters, marks and symbols without a shape: fillers, variation selectors, the empty pattern of Braille.</summary>
    private static bool IsBlankLetter(char c) => c is '\u034F' or '\u115F' or '\u1160' or '\u17B4' or '\u17B5' or '\u180B' or '\u180C'
        or '\u180D' or '\u180E' or '\u180F' or '\u2065' or '\u2800' or '\u3164' or (>= '\uFE00' and <= '\uFE0F') or '\uFFA0';

    private static int GetInvisibleLength(string text, int index) => IsInvisible(text[index]) ? 1 : IsTagCharacter(text, index) ? 2 : 0;

    /// <summary>True for a tag or variation selector of plane 14.</summary>
    private static bool IsTagCharacter(string text, int index) => text[index] == '\uDB40' && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]);
}
