using FaceGen.ImageFormats;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Saving;

/// <summary>How an image was made, as it is told in a file beside it and in the file itself.</summary>
internal static class Provenance
{
    /// <summary>Writes it into an object that has been begun. A face that was given as bytes is not told.</summary>
    /// <param name="json">The object.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="index">Which of its images it is, the first being 1.</param>
    internal static void Write(Utf8JsonWriter json, Generation generation, int index)
    {
        json.WriteString("id", generation.Id);
        json.WriteNumber("index", index);
        if (generation.Seed is { } seed) json.WriteNumber("seed", seed);
        if (generation.GenerationTime is { } seconds) json.WriteShortestNumber("generation_time", seconds);
        if (generation.CreatedAt is { } created) json.WriteString("created_at", created.ToUniversalTime());
        if (generation.Source is { } source) json.WriteString("source", source.ToString());
        if (generation.Request is { } request)
        {
            json.WriteStartObject(RequestBuilder.SidecarProperty);
            RequestJson.Write(json, request, request.FaceImage.Link?.AbsoluteUri ?? request.FaceImage.FilePath);
            json.WriteEndObject();
        }
    }

    /// <summary>The same as the texts of a PNG, by their keywords.</summary>
    internal static IEnumerable<(string Keyword, string Text)> GetTexts(Generation generation, int index)
    {
        if (generation.Prompt is { Length: > 0 } prompt) yield return ("Description", prompt);
        if (generation.CreatedAt is { } created)
            yield return ("Creation Time", created.ToUniversalTime().ToString("R", CultureInfo.InvariantCulture));
        yield return ("Software", "FaceGen");

        // Pictures are passed on: the address that the service was to call is nobody else's business.
        Generation told = generation with { Request = generation.Request is { } request ? request with { Webhook = null } : null };
        // The writer escapes what is not ASCII: every tool reads it alike.
        yield return (PngText.OwnKeyword, Encoding.UTF8.GetString(JsonObjectWriter.Write(json => Write(json, told, index))));
    }
}
