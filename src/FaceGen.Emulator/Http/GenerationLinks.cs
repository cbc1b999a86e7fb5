using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Http;

/// <summary>The links to a generation's images, as answers carry them.</summary>
internal sealed class GenerationLinks(LinkFactory links, Generation generation)
{
    private string Extension => generation.Parameters.Base64 ? "base64" : "png";

    internal JsonArray Output() => Each(index => links.ToPicture(generation.Id, index, Extension));

    internal JsonArray Proxied() => Each(index => links.ToProxiedPicture(generation.Id, index, Extension));

    private JsonArray Each(Func<int, string> link) =>
        [.. Enumerable.Range(0, generation.Parameters.Samples).Select(index => JsonValue.Create(link(index)))];
}
