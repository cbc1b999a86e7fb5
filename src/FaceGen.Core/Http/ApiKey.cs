using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace FaceGen.Http;

/// <summary>
/// The account's key. Nothing but the body of a request reads <see cref="Value"/>; whatever else meets the key shows
/// only that there is one.
/// </summary>
internal sealed class ApiKey
{
    /// <summary>The environment variable that holds it, which ModelsLab's own tools read too.</summary>
    internal const string Variable = "MODELSLAB_API_KEY";

    private const string Mask = "***";

    /// <summary>A shorter piece could be part of any text: a key as short is masked where it stands by itself.</summary>
    private const int ShortestPiece = 8;

    private readonly Regex _spellings;

    /// <summary>The spellings without backslashes, for the quick look.</summary>
    private readonly string[] _plainSpellings;

    internal ApiKey(string value)
    {
        Value = value;
        _plainSpellings = [.. Spellings(value).Select(WithoutBackslashes).Distinct()];
        string spellings = string.Join("|", Spellings(value).Distinct().OrderByDescending(spelling => spelling.Length).Select(Pattern).Prepend(Encoded(value)));
        _spellings = new Regex(value.Length < ShortestPiece ? $@"(?<![\w%])(?:{spellings})(?!\w)" : spellings, RegexOptions.CultureInvariant | RegexOptions.IgnoreCase);
    }

    internal string Value { get; }

    /// <summary>
    /// Returns an HMAC-SHA256 of a text under the key, as 64 lower-case hexadecimal digits: equal for equal keys and texts, and
    /// no way back to the key.
    /// </summary>
    internal string Sign(string text)
    {
        using var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(Value));
        return string.Concat(hmac.ComputeHash(Encoding.UTF8.GetBytes(text)).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }

    /// <summary>
    /// Masks the key wherever a text holds it: plain, URL-encoded, as entities or escaped, each character in its own way; in
    /// hexadecimal, or base64 wherever it begins in what was encoded.
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

        if (text.Contains('%') || Holds(text, "\\u") || Holds(text, "\\x") || Holds(text, "&#")) return true;

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
        yield return string.Concat(bytes.Select(b => $"{b:X2}"));
        foreach (string base64 in Base64(bytes).Concat(Base64(Encoding.Unicode.GetBytes(key))))
        {
            yield return base64;
            yield return Uri.EscapeDataString(base64);
        }
    }

    private static IEnumerable<string> Base64(byte[] bytes)
    {
        yield return Convert.ToBase64String(bytes);
        for (int before = 0; before < 3; before++)
        {
            // The characters that hold nothing but the key's own bits, whatever stands before and after it.
            string base64 = Convert.ToBase64String([.. new byte[before], .. bytes]);
            int own = (before + bytes.Length) * 8 / 6, first = (before * 8 + 5) / 6;
            string core = base64.Substring(first, own - first);
            if (core.Length >= ShortestPiece) yield return core;
        }
    }

    private static bool Holds(string text, string part) => text.AsSpan().IndexOf(part.AsSpan(), StringComparison.OrdinalIgnoreCase) >= 0;

    private static string WithoutBackslashes(string text) => text.Replace("\\", "");

    /// <summary>The key, each character plain, URL-encoded once or twice, as an entity or as an escape.</summary>
    private static string Encoded(string key) => string.Concat(Regex.Matches(key, @"[\ud800-\udbff][\udc00-\udfff]|.", RegexOptions.Singleline)
        .Cast<Match>().Select(character =>
        {
            string bytes = string.Concat(Encoding.UTF8.GetBytes(character.Value).Select(b => $"%(?:25)?{b:X2}"));
            string numbers = string.Concat(character.Value.Select(c => $@"\\{{1,16}}(?:u{(int)c:x4}|x{(int)c:x2})"));
            int number = char.ConvertToUtf32(character.Value, 0);
            return $"(?:{Pattern(character.Value)}|{bytes}|{numbers}|&#0{{0,8}}{number};|&#x0{{0,8}}{number:x};)";
        }));

    /// <summary>JSON may write any character as its number, and some behind a backslash, of which JSON in JSON makes several.</summary>
    private static string Pattern(string spelling) => string.Concat(spelling.Select(c => char.IsLetterOrDigit(c)
        ? $@"(?:{c}|\\u{(int)c:x4})"
        : $@"(?:\\(?:u005c)?){{0,16}}(?:{Regex.Escape(c.ToString())}|u{(int)c:x4})"));
}
