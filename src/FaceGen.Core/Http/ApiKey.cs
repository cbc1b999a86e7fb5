using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FaceGen.Http;

/// <summary>
/// The account's key. Nothing but the body of a request calls <see cref="Reveal"/>; whatever else meets the key shows
/// only that there is one.
/// </summary>
internal sealed class ApiKey
{
    /// <summary>The environment variable that holds it, which ModelsLab's own tools read too.</summary>
    internal const string EnvironmentVariable = "MODELSLAB_API_KEY";

    private const string Mask = "***";

    private readonly KeyFinder _finder;

    private readonly SecretText _secret;

    internal ApiKey(string value)
    {
        _secret = new SecretText(value);
        _finder = new KeyFinder(value);
    }

    /// <summary>Returns the key: for the body of a request, and for nothing else.</summary>
    internal string Reveal() => _secret.Reveal();

    /// <summary>
    /// Returns an HMAC-SHA256 of a text under the key, as 64 lower-case hexadecimal digits: equal for equal keys and texts, and
    /// no way back to the key.
    /// </summary>
    internal string Sign(string text)
    {
        using var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(Reveal()));
        return string.Concat(hmac.ComputeHash(Encoding.UTF8.GetBytes(text)).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
    }

    /// <summary>
    /// Masks the key wherever a text holds it: plain, or with up to three rounds of percent-encoding, entities and backslash
    /// escapes, each character in its own way; in hexadecimal or base64, wherever it begins in what was encoded; and with
    /// anything between its characters that is not seen, such as control characters, or line breaks. The time grows with the
    /// length of the text alone.
    /// </summary>
    internal string Redact(string text)
    {
        IReadOnlyList<(int Start, int End)> found = _finder.Find(finder => finder.Decode(text));
        if (found.Count == 0) return text;

        var masked = new StringBuilder(text.Length);
        int done = 0;
        foreach ((int start, int end) in found)
        {
            masked.Append(text, done, start - done).Append(Mask);
            done = end;
        }

        return masked.Append(text, done, text.Length - done).ToString();
    }

    /// <summary>The same for a body as it came: what is read from it afterwards cannot hold the key.</summary>
    internal byte[] Redact(byte[] body)
    {
        IReadOnlyList<(int Start, int End)> found = _finder.Find(finder => finder.Decode(body));
        if (found.Count == 0) return body;

        var masked = new MemoryStream(body.Length);
        byte[] mask = Encoding.ASCII.GetBytes(Mask);
        int done = 0;
        foreach ((int start, int end) in found)
        {
            masked.Write(body, done, start - done);
            masked.Write(mask, 0, mask.Length);
            done = end;
        }

        masked.Write(body, done, body.Length - done);
        return masked.ToArray();
    }

    /// <summary>A mask.</summary>
    public override string ToString() => Mask;
}
