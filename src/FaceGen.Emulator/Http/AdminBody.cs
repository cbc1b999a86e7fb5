using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>What the emulator's owner posts: a JSON object of which one property counts.</summary>
internal static class AdminBody
{
    /// <summary>Reads the property; null where it is missing, of another kind, or no text that can be read.</summary>
    internal static async Task<T?> ReadAsync<T>(
        HttpRequest request, string property, JsonValueKind kind, Func<JsonElement, T?> read)
    {
        try
        {
            using JsonDocument body = await JsonDocument.ParseAsync(
                request.Body, default, request.HttpContext.RequestAborted).ConfigureAwait(false);
            return body.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty(property, out JsonElement value)
                && value.ValueKind == kind
                    ? read(value)
                    : default;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return default;
        }
    }
}
