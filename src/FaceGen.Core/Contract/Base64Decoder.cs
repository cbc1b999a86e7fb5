using System.Text;

namespace FaceGen.Contract;

/// <summary>
/// Decodes base64 in its common forms: plain or in a data URI, wrapped, percent-encoded, URL-safe, without padding. An ambiguous
/// form, which could mean two different images, is rejected.
/// </summary>
internal static class Base64Decoder
{
    private const string Marker = "base64,";

    /// <summary>How many times a text can be percent-encoded.</summary>
    private const int MaxPercentLayers = 3;

    /// <summary>The line lengths of wrapped base64. If line breaks became blanks, the blanks are at these distances.</summary>
    private static readonly int[] LineLengths = [60, 64, 70, 72, 76];

    /// <summary>The first characters of image files in base64: PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF and HEIC.</summary>
    private static readonly string[] ImageSignatures = ["iVBORw0KGgo", "/9j/", "_9j_", "%2F9j%2F", "UklGR", "R0lGOD", "Qk0", "SUkqA", "TU0AK", "AAAA"];

    /// <summary>True if the text is a data URI, with or without its scheme.</summary>
    internal static bool IsDataUri(string text) => text.StartsWith("data:", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("data%3A", StringComparison.OrdinalIgnoreCase)
        || (FindNearStart(text, Marker) is var marker and >= 0 && (marker == 0 || text.StartsWith("image/", StringComparison.OrdinalIgnoreCase)));

    /// <summary>True if the text can only be the base64 of an image, and not a file path.</summary>
    internal static bool IsLikelyBase64(string text) => text.Length > 260
        && (ImageSignatures.Any(head => text.StartsWith(head, StringComparison.Ordinal)) || text.All(c => IsBase64Character(c) || c is '=' or '-' or '_' or '%' || InvisibleCharacters.IsInvisible(c)));

    /// <summary>Decodes plain base64 or a base64 data URI.</summary>
    internal static bool TryDecode(string text, out byte[] bytes) => TryDecode(text, out bytes, out _);

    /// <summary>Decodes plain base64 or a base64 data URI.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">The decoded bytes; empty if the text cannot be decoded.</param>
    /// <param name="fault">The reason why the text cannot be decoded, as the predicate of a sentence without a period; empty if it can.</param>
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
        // A percent-encoded URI has an encoded comma.
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
                    fault = $"has an invalid percent escape at character {i + 1} of its data";
                    return false;
                }

                decoded.Append(code);
                i += 2;
            }

            text = decoded.ToString();
        }

        return true;
    }

    /// <summary>Converts a text to standard base64: without line breaks, in the standard alphabet, padded.</summary>
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
                fault = $"has '{InvisibleCharacters.Escape(c.ToString(), 10)}' at character {i + 1} of its data, which is not base64";
                return false;
            }
        }

        if (hasBlanks && !IsWrappedByBlanks(text))
        {
            fault = "has a blank in its data in place of a possible '+' (encode '+' as %2B in a link or form)";
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
            fault = $"has data after its end, which '=' marks at character {base64.IndexOf('=') + 1} of its data";
            return false;
        }

        if (length % 4 == 1)
        {
            fault = $"is incomplete: its {length} characters end in the middle of a byte";
            return false;
        }

        fault = "";
        base64 = base64.PadRight((length + 3) / 4 * 4, '=');
        return true;
    }

    /// <summary>
    /// True if every blank replaces a line break: it is next to one, or at the distance at which base64 is wrapped. Any other
    /// blank may replace a '+', and removing it would change the image.
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
