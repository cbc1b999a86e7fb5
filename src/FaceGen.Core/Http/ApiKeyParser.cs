using System.Text.RegularExpressions;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>
/// Parses a key that was pasted or read from a file. Text that is not part of the key is removed: quotes, a byte order mark, line
/// breaks, the name of the variable. A text that cannot be a key is rejected before anything is sent; no message shows it.
/// </summary>
internal static class ApiKeyParser
{
    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.IgnoreCase;

    /// <summary>Matches the text before a key in an environment file, a header or a settings file.</summary>
    private static readonly Regex Prefix = new(
        @"^(?:(?:export|set|setx|\$env:)\s*)?(?:MODELSLAB_API_KEY|API[_-]?KEY|key|Authorization)\s*[=:]\s*|^Bearer\s+", Options);

    /// <summary>Matches a placeholder from documentation, a variable that was not replaced, or the name of a type.</summary>
    private static readonly Regex Placeholder = new(
        @"^(?:<.*>|\[.*\]|\{.*\}|\$(?:env:|\{|\().*|\$\w+|%.*%|\*+|x{4,}|your[-_ ]?.*(?:key|token|here|secret).*|(?:insert|enter|paste|replace|put|add)[-_ ].*(?:key|here).*"
        + @"|change[-_ ]?me|placeholder|todo|null|undefined|none|nil|true|false|System\.\S*|Microsoft\.\S*|MODELSLAB_API_KEY|API[_-]?KEY)$", Options | RegexOptions.Singleline);

    /// <summary>Parses a key.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">The origin of the text, as the subject of a sentence: "The key", or "The environment variable …".</param>
    /// <exception cref="FaceGenException">The text is empty, or cannot be a key.</exception>
    internal static ApiKey Parse(string text, string origin)
    {
        string key = RemoveDecoration(text);
        return DescribeFault(key) is { } fault
            ? throw new FaceGenException(ErrorCode.ConnectionInvalid, $"{origin} {fault}. Nothing was sent. Copy the key from the account's page again, without other text.")
            : new ApiKey(key);
    }

    private static string RemoveDecoration(string text)
    {
        string before;
        do
        {
            before = text;
            text = RemoveQuotes(InvisibleCharacters.Trim(text));
            text = Prefix.Replace(text, "", 1);
        }
        while (text.Length < before.Length);

        return text;
    }

    private static string RemoveQuotes(string text) => text.Length > 1 && text[0] switch
    {
        '"' or '\'' or '`' => text[text.Length - 1] == text[0],
        '\u201C' or '\u201E' => text[text.Length - 1] is '\u201D' or '\u201C',
        '\u2018' or '\u201A' => text[text.Length - 1] is '\u2019' or '\u2018',
        '\u00AB' => text[text.Length - 1] == '\u00BB',
        _ => false,
    } ? text.Substring(1, text.Length - 2) : text;

    /// <summary>Returns why a text cannot be a key, as a phrase that follows its origin; null if it can.</summary>
    private static string? DescribeFault(string key) =>
        key.Length == 0 ? "is empty"
        : Placeholder.IsMatch(key) ? "is a placeholder and not a key"
        : key.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || key.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? "is an address and not a key"
        : key.IndexOfAny(['\r', '\n']) >= 0 ? "has several lines"
        : key.Contains('\u2026') || key.EndsWith("...", StringComparison.Ordinal) ? "is truncated"
        : key.Any(IsQuote) ? "has a quotation mark"
        : key.Any(char.IsWhiteSpace) ? "has a blank inside"
        : key.Any(InvisibleCharacters.IsInvisible) ? "has an invisible character inside"
        : key.Contains('\uFFFD') ? "has characters that were damaged by a wrong encoding"
        : null;

    private static bool IsQuote(char c) => c is '"' or '\'' or '`' or (>= '\u2018' and <= '\u201F') or '\u00AB' or '\u00BB';
}
