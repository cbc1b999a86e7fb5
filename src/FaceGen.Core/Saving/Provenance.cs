using FaceGen.ImageFormats;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Saving;

/// <summary>Writes how an image was created, for a sidecar file and for the metadata of a PNG.</summary>
internal static class Provenance
{
    /// <summary>Writes the properties into an object that has been started. A face image that was given as bytes is left out.</summary>
    /// <param name="json">The object.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="index">The number of the image, from 1.</param>
    internal static void Write(Utf8JsonWriter json, Generation generation, int index)
    {
        json.WriteString("id", generation.Id);
        json.WriteNumber("index", index);
        if (generation.Seed is { } seed) json.WriteNumber("seed", seed);
        if (generation.Seconds is { } seconds) json.WriteShortestNumber("generation_time", seconds);
        if (generation.CreatedAt is { } created) json.WriteString("created_at", created.ToUniversalTime());
        if (generation.Source is { } source) json.WriteString("source", source.ToString());
        if (generation.Request is { } request)
        {
            json.WriteStartObject(RequestBuilder.SidecarProperty);
            RequestJson.WriteStored(json, request, request.FaceImage.Link?.AbsoluteUri ?? request.FaceImage.FilePath);
            json.WriteEndObject();
        }
    }

    /// <summary>Returns the same as texts of a PNG, with their keywords.</summary>
    internal static IEnumerable<(string Keyword, string Text)> GetTexts(Generation generation, int index)
    {
        if (generation.Prompt is { Length: > 0 } prompt) yield return ("Description", prompt);
        if (generation.CreatedAt is { } created)
            yield return ("Creation Time", created.ToUniversalTime().ToString("R", CultureInfo.InvariantCulture));
        yield return ("Software", "FaceGen");

        // Images are passed on: a private field is a secret, and the columns of a row are data of the user's.
        Generation shown = generation with
        {
            Request = generation.Request is { } request
                ? request.WithFields((field, value) => field.IsPrivate ? null : value) with { Columns = RequestData.None<string>() }
                : null,
        };
        // The writer escapes everything but ASCII, which every tool reads alike.
        yield return (PngText.OwnKeyword, Encoding.UTF8.GetString(JsonObjectWriter.Write(json => Write(json, shown, index))));
    }
}

/// <summary>Writes the JSON file beside an image that describes how it was created.</summary>
internal static class Sidecar
{
    /// <summary>The extension, after the name of the image file.</summary>
    internal const string Extension = ".json";

    // People read the file, so that letters are not escaped. It never becomes part of a web page.
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Returns the content of the file.</summary>
    internal static byte[] Write(SavedImage image) =>
        JsonObjectWriter.Write(json =>
        {
            json.WriteString("file", Path.GetFileName(image.FullName));
            json.WriteString("sha256", image.Sha256);
            json.WriteString("format", image.FormatValue.GetMediaType());
            // Not "width" and "height": New-FaceGenImage would bind those to its parameters.
            json.WriteNumber("image_width", image.Width);
            json.WriteNumber("image_height", image.Height);
            json.WriteBoolean("filtered", image.Filtered);
            if (image.Incomplete) json.WriteBoolean("incomplete", true);
            Provenance.Write(json, image.Generation, image.Index);
            // An id is valid for its account only. The metadata in an image, which is passed on, does not name the account.
            if (image.Generation.Account is { } account) json.WriteString("account", account);
        }, Options);
}
