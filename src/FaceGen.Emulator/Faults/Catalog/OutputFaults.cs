using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;

namespace FaceGen.Emulator.Faults.Catalog;

/// <summary>Faults of the place and form in which a response holds its images.</summary>
internal static class OutputFaults
{
    private const string Output = "output";

    /// <summary>The fields with links, by the contract.</summary>
    internal static readonly string[] LinkFields = [Output, "future_links", "proxy_links"];

    internal static readonly IReadOnlyList<Fault> All =
    [
        EditResponse.Finished("Q20-empty-output", "success with an empty output.", static (body, _) => ClearOutput(body, [])),
        EditResponse.Finished("Q20-null-output", "success with output null.", static (body, _) => ClearOutput(body, null)),
        EditResponse.Finished("Q20-no-output", "success without output.", static (body, _) =>
        {
            ClearOutput(body, null);
            body.Remove(Output);
        }),
        EditResponse.Create("Q21-output-text", "output as one string, if there is one image.", CallKinds.SubmitAndFetch,
            static (_, response) =>
            {
                if (response.Body[Output] is not JsonArray { Count: 1 } links)
                    return null;
                response.Body[Output] = links[0]!.DeepClone();
                return response;
            }),
        EditResponse.Finished("Q21-output-object", "output as an object whose values are the links.", static (body, _) =>
            body[Output] = new JsonObject(GetLinks(body).Select(static (link, index) =>
                KeyValuePair.Create($"image_{index}", link)))),
        EditResponse.Finished("Q22-proxy-links", "success with the links only in proxy_links.",
            static (body, _) => MoveLinksTo(body, "proxy_links")),
        EditResponse.Finished("Q22-links", "success with the links only in links.",
            static (body, _) => MoveLinksTo(body, "links")),
        EditResponse.Finished("Q22-future-links", "success with the links only in future_links.",
            static (body, _) => MoveLinksTo(body, "future_links")),
        EditResponse.Create("Q41-fewer-images", "One image only, if several were requested.", CallKinds.SubmitAndFetch,
            static (_, response) =>
            {
                if (response.Body[Output] is not JsonArray { Count: > 1 })
                    return null;
                foreach (string field in LinkFields)
                {
                    if (response.Body[field] is JsonArray { Count: > 1 } links)
                        response.Body[field] = new JsonArray(links[0]!.DeepClone());
                }

                return response;
            }),
        EditResponse.Finished("Q27-inline", "The images as base64 in output instead of links.",
            static (body, context) => InlineImages(body, context, prefix: "")),
        EditResponse.Finished("Q27-inline-data-uri", "The images as data URIs in output instead of links.",
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

/// <summary>Faults of a response's links, all of which lead to the images.</summary>
internal static class LinkFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("Q29-no-extension", "Links without a file extension.",
            static link => link[..link.LastIndexOf('.')]),
        Create("Q29-slashes", "Links with /// in the path.",
            static link => link.Replace("/images/", "///images///", StringComparison.Ordinal)),
        Create("Q29-query", "Links with a query.",
            static link => $"{link}?X-Amz-Expires=86400&X-Amz-Signature=c2ln%2Bbmk%3D&name=a%20b.jpg"),
        Create("Q30-other-host", "Links on another host than the API: localhost instead of 127.0.0.1.",
            static link => new UriBuilder(link) { Host = "localhost" }.Uri.AbsoluteUri),
    ];

    private static Fault Create(string id, string description, Func<string, string> change) =>
        EditResponse.Create(id, description, CallKinds.SubmitAndFetch, (_, response) =>
        {
            bool changed = false;
            foreach (string field in OutputFaults.LinkFields)
            {
                if (response.Body[field] is not JsonArray { Count: > 0 } links)
                    continue;
                response.Body[field] = new JsonArray([.. links.Select(link => (JsonNode?)change((string)link!))]);
                changed = true;
            }

            return changed ? response : null;
        });
}
