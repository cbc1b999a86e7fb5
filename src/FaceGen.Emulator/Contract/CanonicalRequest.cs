using System.Text.Json;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Contract;

/// <summary>Writes a request so that two bodies which ask for the same become the same text.</summary>
internal static class CanonicalRequest
{
    /// <summary>Who pays, who is told, and what the caller calls it: none makes another picture.</summary>
    private static readonly string[] ExcludedFields = ["key", "webhook", "track_id"];

    internal static string Write(JsonElement body, FaceReference face)
    {
        var canonical = new JsonObject();
        foreach (JsonProperty field in body.EnumerateObject().OrderBy(static given => given.Name, StringComparer.Ordinal))
        {
            if (ExcludedFields.Contains(field.Name) || field.Value.ValueKind == JsonValueKind.Null)
                continue;
            canonical[field.Name] = field.NameEquals("face_image")
                ? face.Identity
                : JsonNode.Parse(field.Value.GetRawText());
        }

        return canonical.ToJsonString();
    }
}
