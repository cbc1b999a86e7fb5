using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace FaceGen.Contract;

/// <summary>Makes text from outside safe to display.</summary>
internal static class DisplayText
{
    private static readonly Regex PercentEscape = new("%([0-9A-Fa-f]{2})", RegexOptions.CultureInvariant);

    /// <summary>
    /// Removes what controls a terminal (control characters and the format characters that reorder text), folds white space to
    /// single blanks, and truncates to a length.
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
                // Half of a surrogate pair is not a character.
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
    /// Removes control characters other than line breaks and tabs. A single carriage return, after which a terminal overwrites
    /// the line, becomes a line break.
    /// </summary>
    internal static string RemoveControlCharacters(string text) => text.Any(c => c == '\r' || IsTerminalControl(c))
        ? string.Concat(text.Select((c, at) => c == '\r' && (at + 1 == text.Length || text[at + 1] != '\n') ? '\n' : c).Where(c => !IsTerminalControl(c)))
        : text;

    /// <summary>Makes text of several lines safe to display: removes control characters and characters that reorder text.</summary>
    internal static string CleanLines(string text) =>
        RemoveControlCharacters(text) is var lines && lines.Any(IsBidirectionalControl) ? string.Concat(lines.Where(c => !IsBidirectionalControl(c))) : lines;

    /// <summary>
    /// Returns the last name in a path of any operating system; <see cref="Path"/> may reject paths of another one.
    /// </summary>
    internal static string GetFileName(string path) => path.Substring(path.LastIndexOfAny(['/', '\\']) + 1);

    /// <summary>Returns an address for display; one that may contain a user and a password is hidden.</summary>
    internal static string FormatAddress(Uri address) =>
        address.OriginalString.Contains('@') || address.OriginalString.Contains("%40")
            ? "…@…"
            : Clean(address.OriginalString, 200);

    /// <summary>
    /// Returns a link of which every property is safe to display. It is escaped once more if <see cref="Uri.ToString"/> or
    /// <see cref="Uri.LocalPath"/>, which unescape, would return terminal controls or invisible characters.
    /// </summary>
    internal static Uri EscapeLink(Uri link) =>
        IsDisplayable(link) ? new Uri(link.AbsoluteUri) : new Uri(PercentEscape.Replace(link.AbsoluteUri, "%25$1"));

    /// <summary>True if no part of a link has terminal controls or invisible characters, escaped or not.</summary>
    internal static bool IsDisplayable(Uri link) =>
        (Uri.UnescapeDataString(link.AbsoluteUri) + link + link.LocalPath + link.IdnHost + link.DnsSafeHost).All(c => CharUnicodeInfo.GetUnicodeCategory(c) is not
            (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator));

    /// <summary>Returns seconds with one decimal, such as <c>0.5 seconds</c>, in the invariant culture.</summary>
    internal static string FormatSeconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s";

    /// <summary>True if a text needs no cleaning: ASCII words with single blanks between.</summary>
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
