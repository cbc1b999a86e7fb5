using System.Text;

namespace FaceGen.Http;

/// <summary>
/// The account's key. Nothing but the body of a request reads <see cref="Value"/>; whatever else meets the key shows
/// only that there is one.
/// </summary>
internal sealed class ApiKey
{
    private const string Mask = "***";
    private readonly string[] _spellings;

    internal ApiKey(string value)
    {
        Value = value;
        string base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
        _spellings = [.. new[] { value, Uri.EscapeDataString(value), base64, Uri.EscapeDataString(base64) }.Distinct()];
    }

    internal string Value { get; }

    /// <summary>Masks the key wherever a text holds it: plain, URL-encoded or base64.</summary>
    internal string Redact(string text) =>
        _spellings.Aggregate(text, (clean, spelling) => clean.Replace(spelling, Mask));

    /// <summary>The same for a body as it came: what is read from it afterwards cannot hold the key.</summary>
    internal byte[] Redact(byte[] body) =>
        _spellings.Any(spelling => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(spelling)) >= 0)
            ? Encoding.UTF8.GetBytes(Redact(Encoding.UTF8.GetString(body)))
            : body;

    /// <summary>A mask.</summary>
    public override string ToString() => Mask;
}
