using System.Globalization;
using System.Text;

namespace FaceGen.Contract;

/// <summary>
/// Detects invisible characters: blanks of every width, zero-width and format characters, controls. They get into cells and
/// headers when text is copied from a web page, a document or a spreadsheet.
/// </summary>
internal static class InvisibleCharacters
{
    /// <summary>True if the text is empty or has only invisible characters.</summary>
    internal static bool IsEmpty(string? text) => text is null || Trim(text).Length == 0;

    /// <summary>Removes invisible characters from the start and the end.</summary>
    internal static string Trim(string text)
    {
        int start = 0, end = text.Length;
        while (start < end && GetInvisibleLength(text, start) is var length and > 0) start += length;
        while (end > start && (IsInvisible(text[end - 1]) || (end - start > 1 && IsTagCharacter(text, end - 2)))) end -= IsInvisible(text[end - 1]) ? 1 : 2;
        return start == 0 && end == text.Length ? text : text.Substring(start, end - start);
    }

    /// <summary>
    /// Returns a text for a message: invisible characters become escapes such as <c>\u200B</c>, and white space is folded to single
    /// blanks.
    /// </summary>
    internal static string Escape(string text, int maxLength)
    {
        var result = new StringBuilder(Math.Min(text.Length, maxLength) + 8);
        foreach (char c in text)
        {
            if (result.Length > maxLength) break;

            if (c is ' ' or '\t' or '\r' or '\n') result.Append(' ');
            else if (IsInvisible(c)) result.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
            else result.Append(c);
        }

        return DisplayText.Clean(result.ToString(), maxLength);
    }

    /// <summary>True if a character is invisible.</summary>
    internal static bool IsInvisible(char c) => c is not (> ' ' and <= '~')
        && (char.IsWhiteSpace(c) || char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format || IsBlankLetter(c));

    /// <summary>True for letters, marks and symbols without a shape: fillers, variation selectors, the blank Braille pattern.</summary>
    private static bool IsBlankLetter(char c) => c is '\u034F' or '\u115F' or '\u1160' or '\u17B4' or '\u17B5' or '\u180B' or '\u180C'
        or '\u180D' or '\u180E' or '\u180F' or '\u2065' or '\u2800' or '\u3164' or (>= '\uFE00' and <= '\uFE0F') or '\uFFA0';

    private static int GetInvisibleLength(string text, int index) => IsInvisible(text[index]) ? 1 : IsTagCharacter(text, index) ? 2 : 0;

    /// <summary>True for a tag or variation selector in plane 14.</summary>
    private static bool IsTagCharacter(string text, int index) => text[index] == '\uDB40' && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]);
}
