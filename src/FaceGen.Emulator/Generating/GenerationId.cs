using System.Globalization;

namespace FaceGen.Emulator.Generating;

/// <summary>The ids of generations in requests and links: numbers, and the texts that faults give to generations.</summary>
internal static class GenerationId
{
    private const string UuidPrefix = "6f1ed9a2-0c4b-4d57-9b3e-";
    private const string WordPrefix = "req_";

    internal static string CreateUuid(long id) => string.Create(CultureInfo.InvariantCulture, $"{UuidPrefix}{id:x12}");

    internal static string CreateWord(long id) => string.Create(CultureInfo.InvariantCulture, $"{WordPrefix}{id}");

    /// <summary>Returns the number of an id in any form; null if the text is not an id.</summary>
    internal static long? TryParse(string? text)
    {
        (string digits, NumberStyles style) = text switch
        {
            null => ("", NumberStyles.None),
            _ when text.StartsWith(UuidPrefix, StringComparison.OrdinalIgnoreCase) => (text[UuidPrefix.Length..], NumberStyles.AllowHexSpecifier),
            _ when text.StartsWith(WordPrefix, StringComparison.Ordinal) => (text[WordPrefix.Length..], NumberStyles.None),
            _ => (text, NumberStyles.None),
        };
        return long.TryParse(digits, style, CultureInfo.InvariantCulture, out long id) ? id : null;
    }
}
