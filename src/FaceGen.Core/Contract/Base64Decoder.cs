using System.Text;

namespace FaceGen.Contract;

/// <summary>
/// Decodes base64 in the forms in which it is met: bare or in a data URI, wrapped, percent-encoded, in the alphabet for URLs,
/// without padding. A form that could mean two different images is refused.
/// </summary>
internal static class Base64Decoder
{
    private const string Marker = "base64,";

    /// <summary>How often a text may have been percent-encoded.</summary>
    private const int MaxPercentLayers = 3;

    /// <summary>The lengths at which programs wrap base64; where a line break became a blank, the blanks stand at these distances.</summary>
    private static readonly int[] LineLengths = [60, 64, 70, 72, 76];

    /// <summary>What image files begin with, in base64: PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF and HEIC.</summary>
    private static readonly string[] ImageSignatures = ["iVBORw0KGgo", "/9j/", "_9j_", "%2F9j%2F", "UklGR", "R0lGOD", "Qk0", "SUkqA", "TU0AK", "AAAA"];

    /// <summary>True if the text is a data URI, or one that has lost its scheme.</summary>
    internal static bool IsDataUri(string text) => text.StartsWith("data:", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("data%3A", StringComparison.OrdinalIgnoreCase)
        || (FindNearStart(text, Marker) is var marker and >= 0 && (marker == 0 || text.StartsWith("image/", StringComparison.OrdinalIgnoreCase)));

    /// <summary>True if a text can only be meant for the base64 of an image, and not for the path of a file.</summary>
    internal static bool IsLikelyBase64(string text) => text.Length > 260
        && (ImageSignatures.Any(head => text.StartsWith(head, StringComparison.Ordinal)) || text.All(c => IsBase64Character(c) || c is '=' or '-' or '_' or '%' || InvisibleCharacters.IsInvisible(c)));

    /// <summary>Decodes bare base64 or a base64 data URI.</summary>
    internal static bool TryDecode(string text, out byte[] bytes) => TryDecode(text, out bytes, out _);

    /// <summary>Decodes bare base64 or a base64 data URI.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">What it holds; empty if it cannot be decoded.</param>
    /// <param name="fault">Why it cannot be decoded, in a sentence without its subject and full stop; empty if it can.</param>
    internal static bool TryDecode(string text, out byte[] bytes, out string fault)
    {
        bytes = [];
        if (IsDataUri(text) && !TryRemoveDataUriHeader(ref text, out fault)) return false;
        if (!TryDecodePercentEncoding(ref text, out fault) || !TryNormalize(text, out string base64, out fault)) return false;

        try
        {
            bytes = Convert.FromBase64String(base64);
            return true;
        }
        catch (FormatException e)
        {
            fault = $"is not valid base64: {e.Message.TrimEnd('.')}";
            return false;
        }
    }

    private static bool TryRemoveDataUriHeader(ref string text, out string fault)
    {
        fault = "";
        int comma = text.IndexOf(',');
        // An encoded URI has its comma encoded, too.
        if (comma < 0 && text.IndexOf("%2C", StringComparison.OrdinalIgnoreCase) is var encoded and >= 0)
        {
            text = text.Substring(encoded + 3);
            return true;
        }

        if (comma < 0)
        {
            fault = "has no comma before its data";
            return false;
        }

        if (text.IndexOf("base64", 0, comma, StringComparison.OrdinalIgnoreCase) < 0)
        {
            fault = "is not marked as base64: it must begin like 'data:image/jpeg;base64,'";
            return false;
        }

        text = text.Substring(comma + 1);
        return true;
    }

    private static bool TryDecodePercentEncoding(ref string text, out string fault)
    {
        fault = "";
        for (int round = 0; round < MaxPercentLayers && text.Contains('%'); round++)
        {
            var decoded = new StringBuilder(text.Length);
            for (int i = 0; i < text.Length; i++)
            {
                if (text[i] != '%')
                {
                    decoded.Append(text[i]);
                    continue;
                }

                if (i + 2 >= text.Length || !TryParseHex(text[i + 1], text[i + 2], out char code))
                {
                    fault = $"has a % at character {i + 1} of its data that encodes nothing";
                    return false;
                }

                decoded.Append(code);
                i += 2;
            }

            text = decoded.ToString();
        }

        return true;
    }

    /// <summary>Makes standard base64 of a text: without breaks, in the usual alphabet, padded.</summary>
    private static bool TryNormalize(string text, out string base64, out string fault)
    {
        base64 = "";
        text = InvisibleCharacters.Trim(text);
        bool hasBlanks = false;
        var data = new StringBuilder(text.Length + 3);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (IsBase64Character(c) || c == '=') data.Append(c);
            else if (c is '-') data.Append('+');
            else if (c is '_') data.Append('/');
            else if (c == '\\' && i + 1 < text.Length && text[i + 1] is 'r' or 'n' or '/') i += text[i + 1] == '/' ? 0 : 1;
            else if (c is ' ' or '\u00A0') hasBlanks = true;
            else if (!InvisibleCharacters.IsInvisible(c))
            {
                fault = $"holds '{InvisibleCharacters.Escape(c.ToString(), 10)}' at character {i + 1} of its data, which is not base64";
                return false;
            }
        }

        if (hasBlanks && !IsWrappedByBlanks(text))
        {
            fault = "has a blank inside its data, where a '+' may have been: in a link or form '+' must be written as %2B";
            return false;
        }

        int length = data.Length;
        while (length > 0 && data[length - 1] == '=') length--;
        if (length < 4)
        {
            fault = "is empty";
            return false;
        }

        data.Length = length;
        base64 = data.ToString();
        if (base64.Contains('='))
        {
            fault = $"goes on behind its end, which '=' marks at character {base64.IndexOf('=') + 1} of its data";
            return false;
        }

        if (length % 4 == 1)
        {
            fault = $"is incomplete: its data ends after {length} characters, in the middle of a byte";
            return false;
        }

        fault = "";
        base64 = base64.PadRight((length + 3) / 4 * 4, '=');
        return true;
    }

    /// <summary>
    /// True if each blank can only stand for a line break: beside one, or at the distances at which base64 is wrapped. Any other
    /// may have been a '+', and the image without it would be another one.
    /// </summary>
    private static bool IsWrappedByBlanks(string text)
    {
        string[] lines = [.. text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim(' ', '\t', '\u00A0')).Where(line => line.Length > 0)];
        return lines.All(line =>
        {
            string[] parts = line.Split(' ', '\u00A0');
            return parts.Length == 1
                || (LineLengths.Contains(parts[0].Length) && parts.Take(parts.Length - 1).All(part => part.Length == parts[0].Length) && parts[parts.Length - 1].Length <= parts[0].Length);
        });
    }

    private static bool TryParseHex(char high, char low, out char code)
    {
        int value = (Digit(high) << 4) | Digit(low);
        code = (char)value;
        return value is >= 0 and < 256;

        static int Digit(char c) => c switch { >= '0' and <= '9' => c - '0', >= 'A' and <= 'F' => c - 'A' + 10, >= 'a' and <= 'f' => c - 'a' + 10, _ => -1 };
    }

    private static int FindNearStart(string text, string marker) => text.IndexOf(marker, 0, Math.Min(text.Length, 60), StringComparison.OrdinalIgnoreCase);

    private static bool IsBase64Character(char c) => c is (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') or (>= '0' and <= '9') or '+' or '/';
}
