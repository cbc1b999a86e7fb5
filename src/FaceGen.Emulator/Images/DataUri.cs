namespace FaceGen.Emulator.Images;

/// <summary>Reads <c>data:image/…;base64,…</c>.</summary>
internal static class DataUri
{
    private const string Prefix = "data:";
    private const string Marker = ";base64,";

    internal static bool IsDataUri(string text) => text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <returns>The bytes; null where it is no data URI of an image in base64.</returns>
    internal static byte[]? TryDecode(string text)
    {
        int marker = text.IndexOf(Marker, StringComparison.OrdinalIgnoreCase);
        if (marker < 0 || !text.StartsWith("data:image/", StringComparison.OrdinalIgnoreCase))
            return null;

        ReadOnlySpan<char> base64 = text.AsSpan(marker + Marker.Length);
        var buffer = new byte[(base64.Length / 4 * 3) + 3];
        return Convert.TryFromBase64Chars(base64, buffer, out int length) ? buffer[..length] : null;
    }
}
