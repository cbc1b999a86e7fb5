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
    private readonly Regex _spellings;

    internal ApiKey(string value)
    {
        Value = value;
        string base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
        string[] spellings = [value, Uri.EscapeDataString(value), base64, Uri.EscapeDataString(base64)];
        _spellings = new Regex(string.Join("|", spellings.Distinct().Select(Pattern)), RegexOptions.CultureInvariant);
    }

    internal string Value { get; }

    /// <summary>Masks the key wherever a text holds it: plain, URL-encoded or base64, and escaped as in JSON or not.</summary>
    internal string Redact(string text) => _spellings.Replace(text, Mask);

    /// <summary>The same for a body as it came: what is read from it afterwards cannot hold the key.</summary>
    internal byte[] Redact(byte[] body)
    {
        string text = Encoding.UTF8.GetString(body);
        return _spellings.IsMatch(text) ? Encoding.UTF8.GetBytes(Redact(text)) : body;
    }

    /// <summary>A mask.</summary>
    public override string ToString() => Mask;

    /// <summary>JSON may write any character as its number, and some behind a backslash.</summary>
    private static string Pattern(string spelling) => string.Concat(spelling.Select(c =>
        $@"(?:{(char.IsLetterOrDigit(c) ? "" : @"\\?")}{Regex.Escape(c.ToString())}|\\u(?i:{(int)c:x4}))"));
}
