using System.Security.Cryptography;
using System.Text;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>
/// Represents an account's key. Only the body of a request and <see cref="Sign"/> call <see cref="Reveal"/>; every text that is
/// shown or stored has a mask instead.
/// </summary>
internal sealed class ApiKey
{
    /// <summary>The environment variable that contains the key; ModelsLab's tools read it too.</summary>
    internal const string EnvironmentVariable = "MODELSLAB_API_KEY";

    private const string Mask = "***";

    private readonly KeyFinder _finder;

    private readonly SecretText _secret;

    internal ApiKey(string value)
    {
        _secret = new SecretText(value);
        _finder = new KeyFinder(value);
    }

    /// <summary>Returns the key. Never pass it to a message, a log or a file.</summary>
    internal string Reveal() => _secret.Reveal();

    /// <summary>
    /// Returns the HMAC-SHA256 of a text with the key, as 64 lower-case hexadecimal digits. The key cannot be computed from it.
    /// </summary>
    internal string Sign(string text)
    {
        using var hmac = new HMACSHA256(Encoding.UTF8.GetBytes(Reveal()));
        return Sha256.ToHex(hmac.ComputeHash(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>
    /// Masks the key in a text: plain, or with up to three layers of percent-encoding, entities and backslash escapes, also mixed; in
    /// hexadecimal or base64 at any offset; and with invisible characters or line breaks between its characters. Takes linear time.
    /// </summary>
    internal string Redact(string text)
    {
        IReadOnlyList<(int Start, int End)> found = _finder.Find(finder => finder.Decode(text));
        if (found.Count == 0) return text;

        var result = new StringBuilder(text.Length);
        int position = 0;
        foreach ((int start, int end) in found)
        {
            result.Append(text, position, start - position).Append(Mask);
            position = end;
        }

        return result.Append(text, position, text.Length - position).ToString();
    }

    /// <summary>Masks the key in a body, before it is parsed.</summary>
    internal byte[] Redact(byte[] body)
    {
        IReadOnlyList<(int Start, int End)> found = _finder.Find(finder => finder.Decode(body));
        if (found.Count == 0) return body;

        var result = new MemoryStream(body.Length);
        byte[] mask = Encoding.ASCII.GetBytes(Mask);
        int position = 0;
        foreach ((int start, int end) in found)
        {
            result.Write(body, position, start - position);
            result.Write(mask, 0, mask.Length);
            position = end;
        }

        result.Write(body, position, body.Length - position);
        return result.ToArray();
    }

    /// <summary>Returns a mask.</summary>
    public override string ToString() => Mask;
}
