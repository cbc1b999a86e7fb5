using System.Text.Encodings.Web;
using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Saving;

/// <summary>The JSON file beside an image that tells how it was made.</summary>
internal static class Sidecar
{
    /// <summary>What follows the image's own name.</summary>
    internal const string Extension = ".json";

    // People read it: the prompt's letters stay letters. It is a file of its own, never part of a page.
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static byte[] Write(SavedImage image) =>
        JsonObjectWriter.Write(json =>
        {
            json.WriteString("file", Path.GetFileName(image.FullName));
            json.WriteString("sha256", image.Sha256);
            json.WriteString("format", image.Format.GetMediaType());
            // Not width and height: a command that this is piped to would take those for what to ask for.
            json.WriteNumber("image_width", image.Width);
            json.WriteNumber("image_height", image.Height);
            json.WriteBoolean("filtered", image.Filtered);
            if (image.Incomplete) json.WriteBoolean("incomplete", true);
            Provenance.Write(json, image.Generation, image.Index);
            // The id means something only together with its account. A picture that is passed on does not name it.
            if (image.Generation.Account is { } account) json.WriteString("account", account);
        }, Options);
}
