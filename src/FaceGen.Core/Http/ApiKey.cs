using System.Text;
using System.Text.RegularExpressions;

namespace FaceGen.Http;

/// <summary>
/// The account's key. Nothing but the body of a request reads <see cref="Value"/>; whatever else meets the key shows
/// only that there is one.
/// </summary>
internal sealed class ApiKey
{
    private const string Mask = "***";

    /// <summary>A shorter piece of base64 could be part of any text.</summary>
    private const int ShortestBase64 = 8;

    private readonly Regex _spellings;

    /// <summary>The spellings without backslashes, for the quick look.</summary>
    private readonly string[] _plainSpellings;

    internal ApiKey(string value)
    {
        Value = value;
        _plainSpellings = [.. Spellings(value).Select(WithoutBackslashes).Distinct()];
        _spellings = new Regex(string.Join("|", Spellings(value).Distinct().OrderByDescending(spelling => spelling.Length).Select(Pattern)),
            RegexOptions.CultureInvariant | RegexOptions.IgnoreCase);
    }

    internal string Value { get; }

    /// <summary>
    /// Masks the key wherever a text holds it: plain, URL-encoded, in hexadecimal, as entities, or base64 wherever it
    /// begins in what was encoded; and escaped as in JSON or not.
    /// </summary>
    internal string Redact(string text) => _spellings.Replace(text, Mask);

    /// <summary>The same for a body as it came: what is read from it afterwards cannot hold the key.</summary>
    internal byte[] Redact(byte[] body)
    {
        string text = Encoding.UTF8.GetString(body);
        return MayHold(text) && _spellings.IsMatch(text) ? Encoding.UTF8.GetBytes(Redact(text)) : body;
    }

    /// <summary>
    /// A quick look, which every answer gets: false only where no spelling can be there. What is written by its number, or
    /// in letters whose cases are a matter of alphabets, is left to the whole search.
    /// </summary>
    private bool MayHold(string text)
    {
        foreach (char c in text)
        {
            if (c > '\x7F') return true;
        }

        if (Holds(text, "\\u")) return true;

        string plain = WithoutBackslashes(text);
        return _plainSpellings.Any(spelling => Holds(plain, spelling));
    }

    /// <summary>A mask.</summary>
    public override string ToString() => Mask;

    private static IEnumerable<string> Spellings(string key)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        yield return key;
        yield return Uri.EscapeDataString(key);
        yield return string.Concat(bytes.Select(b => $"%{b:X2}"));
        yield return string.Concat(bytes.Select(b => $"{b:X2}"));
        yield return string.Concat(key.Select(c => $"&#{(int)c};"));
        yield return string.Concat(key.Select(c => $"&#x{(int)c:X};"));
        yield return Convert.ToBase64String(bytes);
        yield return Uri.EscapeDataString(Convert.ToBase64String(bytes));
        for (int before = 0; before < 3; before++)
        {
            // The characters that hold nothing but the key's own bits, whatever stands before and after it.
            string base64 = Convert.ToBase64String([.. new byte[before], .. bytes]);
            int own = (before + bytes.Length) * 8 / 6, first = (before * 8 + 5) / 6;
            string core = base64.Substring(first, own - first);
            if (core.Length >= ShortestBase64) yield return core;
            if (core.Length >= ShortestBase64) yield return Uri.EscapeDataString(core);
        }
    }

    private static bool Holds(string text, string part) => text.AsSpan().IndexOf(part.AsSpan(), StringComparison.OrdinalIgnoreCase) >= 0;

    private static string WithoutBackslashes(string text) => text.Replace("\\", "");

    /// <summary>JSON may write any character as its number, and some behind a backslash.</summary>
    private static string Pattern(string spelling) => string.Concat(spelling.Select(c =>
        $@"(?:{(char.IsLetterOrDigit(c) ? "" : @"\\?")}{Regex.Escape(c.ToString())}|\\u(?i:{(int)c:x4}))"));
}
