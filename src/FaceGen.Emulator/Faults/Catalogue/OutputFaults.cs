using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Oddities of where and how an answer holds its images.</summary>
internal static class OutputFaults
{
    private const string Output = "output";

    internal static readonly IReadOnlyList<Fault> All =
    [
        Edit.Finished("Q20-empty-output", "success with an empty output.", static (body, _) => Empty(body, [])),
        Edit.Finished("Q20-null-output", "success with output null.", static (body, _) => Empty(body, null)),
        Edit.Finished("Q20-no-output", "success without output.", static (body, _) =>
        {
            Empty(body, null);
            body.Remove(Output);
        }),
        Edit.Create("Q21-output-text", "output as one bare text, where there is one image.", Kinds.SubmitAndFetch,
            static (_, answer) =>
            {
                if (answer.Body[Output] is not JsonArray { Count: 1 } links)
                    return null;
                answer.Body[Output] = links[0]!.DeepClone();
                return answer;
            }),
        Edit.Finished("Q21-output-object", "output as an object whose values are the links.", static (body, _) =>
            body[Output] = new JsonObject(Links(body).Select(static (link, index) =>
                KeyValuePair.Create($"image_{index}", link)))),
        Edit.Finished("Q22-proxy-links", "success with the links in proxy_links alone.",
            static (body, _) => MoveTo(body, "proxy_links")),
        Edit.Finished("Q22-links", "success with the links in links alone.",
            static (body, _) => MoveTo(body, "links")),
        Edit.Finished("Q22-future-links", "success with the links in future_links alone.",
            static (body, _) => MoveTo(body, "future_links")),
        Edit.Finished("Q27-inline", "The images' base64 in output in place of links.",
            static (body, context) => PutInline(body, context, prefix: "")),
        Edit.Finished("Q27-inline-data-uri", "The images as data URIs in output in place of links.",
            static (body, context) => PutInline(body, context, prefix: "data:image/png;base64,")),
    ];

    private static void Empty(JsonObject body, JsonArray? output)
    {
        body[Output] = output;
        body.Remove("proxy_links");
    }

    private static void MoveTo(JsonObject body, string field)
    {
        var links = new JsonArray([.. Links(body)]);
        Empty(body, []);
        body[field] = links;
    }

    private static IEnumerable<JsonNode?> Links(JsonObject body) =>
        body[Output]!.AsArray().Select(static link => link?.DeepClone());

    private static void PutInline(JsonObject body, FaultContext context, string prefix)
    {
        Generation generation = context.Generation!;
        IEnumerable<JsonNode?> pictures = Enumerable.Range(0, generation.Parameters.Samples).Select(
            index => (JsonNode?)(prefix + Convert.ToBase64String(context.Service.Pictures.Get(generation, index))));
        Empty(body, [.. pictures]);
    }
}
