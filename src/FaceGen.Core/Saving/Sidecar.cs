using System.Text.Encodings.Web;
using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Generating;

namespace FaceGen.Saving;

/// <summary>The JSON file beside an image that tells how it was made.</summary>
internal static class Sidecar
{
    /// <summary>What follows the image's own name.</summary>
    internal const string Extension = ".json";

    // People read it: the prompt's letters stay letters. It is a file of its own, never part of a page.
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static byte[] Write(SavedImage image)
    {
        Generation generation = image.Generation;
        return JsonObject.Write(json =>
        {
            json.WriteString("file", Path.GetFileName(image.FullName));
            json.WriteString("sha256", image.Sha256);
            json.WriteString("format", image.Format.MediaType());
            json.WriteNumber("width", image.Width);
            json.WriteNumber("height", image.Height);
            json.WriteBoolean("filtered", image.Filtered);
            json.WriteString("id", generation.Id);
            json.WriteNumber("index", image.Index);
            if (generation.Seed is { } seed) json.WriteNumber("seed", seed);
            if (generation.GenerationTime is { } seconds) json.WriteNumber("generation_time", seconds);
            if (generation.CreatedAt is { } created) json.WriteString("created_at", created.ToUniversalTime());
            if (generation.Source is { } source) json.WriteString("source", source.ToString());
            if (generation.Request is { } request)
            {
                json.WriteStartObject("request");
                RequestJson.Write(json, request, request.FaceImage.ToString());
                json.WriteEndObject();
            }
        }, Options);
    }
}
