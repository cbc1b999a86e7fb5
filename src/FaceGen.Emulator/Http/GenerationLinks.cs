using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Http;

/// <summary>The links to a generation's images, as answers carry them.</summary>
internal sealed class GenerationLinks(LinkFactory links, EmulatedGeneration generation)
{
    private string Extension => generation.Parameters.Base64 ? "base64" : "png";

    internal JsonArray OutputLinks() => CreateLinks(index => links.ForPicture(generation.Id, index, Extension));

    internal JsonArray ProxyLinks() => CreateLinks(index => links.ForProxiedPicture(generation.Id, index, Extension));

    private JsonArray CreateLinks(Func<int, string> link) =>
        [.. Enumerable.Range(0, generation.Parameters.Samples).Select(index => JsonValue.Create(link(index)))];
}
