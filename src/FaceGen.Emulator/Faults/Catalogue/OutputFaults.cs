using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Oddities of where and how an answer holds its images.</summary>
internal static class OutputFaults
{
    private const string Output = "output";

    internal static readonly IReadOnlyList<Fault> All =
    [
        EditResponse.Finished("Q20-empty-output", "success with an empty output.", static (body, _) => ClearOutput(body, [])),
        EditResponse.Finished("Q20-null-output", "success with output null.", static (body, _) => ClearOutput(body, null)),
        EditResponse.Finished("Q20-no-output", "success without output.", static (body, _) =>
        {
            ClearOutput(body, null);
            body.Remove(Output);
        }),
        EditResponse.Create("Q21-output-text", "output as one bare text, where there is one image.", CallKinds.SubmitAndFetch,
            static (_, answer) =>
            {
                if (answer.Body[Output] is not JsonArray { Count: 1 } links)
                    return null;
                answer.Body[Output] = links[0]!.DeepClone();
                return answer;
            }),
        EditResponse.Finished("Q21-output-object", "output as an object whose values are the links.", static (body, _) =>
            body[Output] = new JsonObject(GetLinks(body).Select(static (link, index) =>
                KeyValuePair.Create($"image_{index}", link)))),
        EditResponse.Finished("Q22-proxy-links", "success with the links in proxy_links alone.",
            static (body, _) => MoveLinksTo(body, "proxy_links")),
        EditResponse.Finished("Q22-links", "success with the links in links alone.",
            static (body, _) => MoveLinksTo(body, "links")),
        EditResponse.Finished("Q22-future-links", "success with the links in future_links alone.",
            static (body, _) => MoveLinksTo(body, "future_links")),
        EditResponse.Finished("Q27-inline", "The images' base64 in output in place of links.",
            static (body, context) => InlineImages(body, context, prefix: "")),
        EditResponse.Finished("Q27-inline-data-uri", "The images as data URIs in output in place of links.",
            static (body, context) => InlineImages(body, context, prefix: "data:image/png;base64,")),
    ];

    private static void ClearOutput(JsonObject body, JsonArray? output)
    {
        body[Output] = output;
        body.Remove("proxy_links");
    }

    private static void MoveLinksTo(JsonObject body, string field)
    {
        var links = new JsonArray([.. GetLinks(body)]);
        ClearOutput(body, []);
        body[field] = links;
    }

    private static IEnumerable<JsonNode?> GetLinks(JsonObject body) =>
        body[Output]!.AsArray().Select(static link => link?.DeepClone());

    private static void InlineImages(JsonObject body, FaultContext context, string prefix)
    {
        EmulatedGeneration generation = context.Generation!;
        IEnumerable<JsonNode?> pictures = Enumerable.Range(0, generation.Parameters.Samples).Select(
            index => (JsonNode?)(prefix + Convert.ToBase64String(context.Service.Pictures.Get(generation, index))));
        ClearOutput(body, [.. pictures]);
    }
}
