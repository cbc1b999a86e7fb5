using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace FaceGen.Contract;

/// <summary>Makes text that came from outside fit to be shown.</summary>
internal static class DisplayText
{
    private static readonly Regex PercentEscape = new("%([0-9A-Fa-f]{2})", RegexOptions.CultureInvariant);

    /// <summary>
    /// Takes out what would steer a terminal (control characters, and the format characters that reorder text), folds
    /// white space to one line, and cuts to a length.
    /// </summary>
    internal static string Clean(string? text, int maxLength = 500)
    {
        if (string.IsNullOrEmpty(text)) return "";
        if (text!.Length <= maxLength && IsCleanAscii(text)) return text;

        var clean = new StringBuilder(Math.Min(text.Length, maxLength));
        foreach (char c in text)
        {
            if (clean.Length >= maxLength)
            {
                // Half of a pair is no character.
                if (clean.Length > 0 && char.IsHighSurrogate(clean[clean.Length - 1])) clean.Length--;
                return clean.Append('…').ToString();
            }

            if (char.IsWhiteSpace(c))
            {
                if (clean.Length > 0 && clean[clean.Length - 1] != ' ') clean.Append(' ');
            }
            else if (!char.IsControl(c) && !IsBidirectionalControl(c) && c is not ('\uFFFE' or '\uFFFF'))
            {
                clean.Append(c);
            }
        }

        return clean.ToString().TrimEnd();
    }

    /// <summary>
    /// Takes out control characters other than line breaks and tabs. A carriage return by itself, which would have the line
    /// written over, becomes a line break.
    /// </summary>
    internal static string RemoveControlCharacters(string text) => text.Any(c => c == '\r' || IsTerminalControl(c))
        ? string.Concat(text.Select((c, at) => c == '\r' && (at + 1 == text.Length || text[at + 1] != '\n') ? '\n' : c).Where(c => !IsTerminalControl(c)))
        : text;

    /// <summary>Makes text of several lines fit to be shown: without control characters, and in the order in which it stands.</summary>
    internal static string CleanLines(string text) =>
        RemoveControlCharacters(text) is var lines && lines.Any(IsBidirectionalControl) ? string.Concat(lines.Where(c => !IsBidirectionalControl(c))) : lines;

    /// <summary>
    /// The last name in a path of whichever system: one that came from another machine may hold what this one's framework
    /// refuses.
    /// </summary>
    internal static string GetFileName(string path) => path.Substring(path.LastIndexOfAny(['/', '\\']) + 1);

    /// <summary>An address; one that may name a user and a password, in whichever place, is not shown.</summary>
    internal static string FormatAddress(Uri address) =>
        address.OriginalString.Contains('@') || address.OriginalString.Contains("%40")
            ? "…@…"
            : Clean(address.OriginalString, 200);

    /// <summary>
    /// Returns a link that can be shown by any of its properties: escaped as a whole, and once more where unescaping it, as
    /// <see cref="Uri.ToString"/> and <see cref="Uri.LocalPath"/> do, would bring out what steers a terminal or is not seen.
    /// </summary>
    internal static Uri EscapeLink(Uri link) =>
        IsDisplayable(link) ? new Uri(link.AbsoluteUri) : new Uri(PercentEscape.Replace(link.AbsoluteUri, "%25$1"));

    /// <summary>True if no part of a link holds what steers a terminal or is not seen, also when it is unescaped.</summary>
    internal static bool IsDisplayable(Uri link) =>
        (Uri.UnescapeDataString(link.AbsoluteUri) + link + link.LocalPath + link.IdnHost + link.DnsSafeHost).All(c => CharUnicodeInfo.GetUnicodeCategory(c) is not
            (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator));

    /// <summary>Seconds with one decimal, as in <c>0.5 seconds</c>, whatever the culture.</summary>
    internal static string FormatSeconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} seconds";

    /// <summary>Whether a text is certainly fit as it stands: words of ASCII with a space between.</summary>
    private static bool IsCleanAscii(string text)
    {
        char before = ' ';
        foreach (char c in text)
        {
            if (c is < ' ' or > '~' || (c == ' ' && before == ' ')) return false;
            before = c;
        }

        return before != ' ';
    }

    private static bool IsTerminalControl(char c) => char.IsControl(c) && c is not ('\t' or '\r' or '\n');

    private static bool IsBidirectionalControl(char c) =>
        c is '\u200E' or '\u200F' or '\u061C' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
