using System.Text.Json.Nodes;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Oddities of an answer's links, all of which lead to the images.</summary>
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
        Create("Q30-other-host", "Links on another host than the API's: localhost in place of 127.0.0.1.",
            static link => new UriBuilder(link) { Host = "localhost" }.Uri.AbsoluteUri),
    ];

    private static Fault Create(string id, string description, Func<string, string> change) =>
        EditResponse.Create(id, description, CallKinds.SubmitAndFetch, (_, answer) =>
        {
            bool changed = false;
            foreach (string field in (string[])["output", "future_links", "proxy_links"])
            {
                if (answer.Body[field] is not JsonArray { Count: > 0 } links)
                    continue;
                answer.Body[field] = new JsonArray([.. links.Select(link => (JsonNode?)change((string)link!))]);
                changed = true;
            }

            return changed ? answer : null;
        });
}
