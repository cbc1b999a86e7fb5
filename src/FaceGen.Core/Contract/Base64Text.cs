namespace FaceGen.Contract;

/// <summary>Base64 as it is met: bare, or in a data URI, with or without line breaks.</summary>
internal static class Base64Text
{
    internal static bool IsDataUri(string text) => text.StartsWith("data:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Decodes bare base64 or a base64 data URI.</summary>
    internal static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        if (IsDataUri(text))
        {
            int comma = text.IndexOf(',');
            if (comma < 0 || text.IndexOf(";base64", 0, comma, StringComparison.OrdinalIgnoreCase) < 0) return false;
            text = text.Substring(comma + 1);
        }

        if (text.Length < 4 || text.Any(c => !IsAlphabet(c))) return false;

        try
        {
            bytes = Convert.FromBase64String(text);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool IsAlphabet(char c) =>
        c is (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') or (>= '0' and <= '9') or '+' or '/' or '=' or '\r' or '\n';
}
