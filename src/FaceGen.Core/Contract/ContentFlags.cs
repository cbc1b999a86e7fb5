using System.Collections.ObjectModel;
using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>
/// Reads the flags with which a response reports that its safety filter detected content in the images (Q37): true or false, also as text
/// or number, or one for each image. The filter blurs, pixelates or replaces such images, which the images themselves do not show.
/// </summary>
internal static class ContentFlags
{
    /// <summary>The names that other endpoints of the service, and services of its family, have.</summary>
    private static readonly string[] Names = ["nsfw_content_detected", "has_nsfw_concept", "has_nsfw_concepts", "nsfw_detected", "is_nsfw"];

    /// <summary>Returns the flags of a response, beside its <c>meta</c>.</summary>
    internal static IReadOnlyDictionary<string, object?> Read(JsonElement root, Func<JsonElement, object?> readValue) => Names
        .Select(name => (Name: name, Value: TolerantJson.GetProperty(root, name)))
        .Where(flag => flag.Value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
        .ToDictionary(flag => flag.Name, flag => readValue(flag.Value));

    /// <summary>Returns the parameters that the service used, with the flags of a response.</summary>
    internal static IReadOnlyDictionary<string, object?> AddTo(IReadOnlyDictionary<string, object?> meta, IReadOnlyDictionary<string, object?> flags)
    {
        if (flags.Count == 0) return meta;

        var all = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (KeyValuePair<string, object?> value in meta.Concat(flags)) all[value.Key] = value.Value;
        return new ReadOnlyDictionary<string, object?>(all);
    }

    /// <summary>True if a flag is set for an image.</summary>
    /// <param name="meta">The parameters that the service used, with the flags.</param>
    /// <param name="index">The index of the image, from 0.</param>
    internal static bool IsSet(IReadOnlyDictionary<string, object?> meta, int index) =>
        Names.Any(name => meta.TryGetValue(name, out object? value) && IsSet(value, index));

    private static bool IsSet(object? value, int index) => value switch
    {
        bool flag => flag,
        long number => number != 0,
        double number => number > 0,
        string { Length: > 0 } text when text[0] == '[' => IsSetInList(text, index),
        string text => text.Trim().ToUpperInvariant() is "TRUE" or "YES" or "1",
        _ => false,
    };

    /// <summary>True if an array contains a flag of the image that is set; any flag if it does not have one for each image.</summary>
    private static bool IsSetInList(string json, int index)
    {
        try
        {
            using JsonDocument list = JsonDocument.Parse(json);
            bool[] flags = [.. list.RootElement.EnumerateArray().Select(flag => flag.ValueKind == JsonValueKind.True || IsSet(TolerantJson.ReadText(flag), index))];
            return flags.Length > 1 && index < flags.Length ? flags[index] : flags.Contains(true);
        }
        catch (JsonException)
        {
            // A text that only begins like an array.
            return false;
        }
    }
}
