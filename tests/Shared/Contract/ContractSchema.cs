using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Json.Schema;

namespace FaceGen.Tests.Shared;

/// <summary>Compares bodies with the published contract, which <c>contract.schema.json</c> describes.</summary>
internal static class ContractSchema
{
    /// <summary>The definitions of each path's request and response; the first match applies.</summary>
    private static readonly (Regex Path, string Request, string Response)[] Paths =
    [
        (new("/(face_gen|make_gen)$"), "submitRequest", "submitResponse"),
        (new("/fetch/[^/]+$"), "keyRequest", "fetchResponse"),
        (new("/base64_to_url$"), "uploadRequest", "uploadResponse"),
        (new("/request_count$"), "keyRequest", "countResponse"),
        (new("/wallet_balance$"), "keyRequest", "balanceResponse"),
        (new("/delete_image$"), "deleteRequest", "deleteResponse"),
        (new("/assets_generated$"), "assetsRequest", "assetsResponse"),
    ];

    private static readonly JsonObject Definitions = ReadDefinitions();
    private static readonly Dictionary<string, JsonSchema> Schemas = Definitions.ToDictionary(static pair => pair.Key, static pair => CreateSchema(pair.Key));

    /// <summary>Asserts that a response to a path of the API matches the contract.</summary>
    internal static void AssertResponse(string path, string body)
    {
        if (Find(path) is { } found) AssertMatches(found.Response, path, body);
    }

    /// <summary>Asserts that a request to a path of the API matches the contract.</summary>
    internal static void AssertRequest(string path, string body)
    {
        Assert.NotNull(Find(path));
        AssertMatches(Find(path)!.Value.Request, path, body);
    }

    /// <summary>Asserts that the body of a webhook delivery matches the contract.</summary>
    internal static void AssertWebhookDelivery(string body) => AssertMatches("webhookDelivery", "webhook", body);

    /// <summary>True if a response to a path matches the contract.</summary>
    internal static bool IsValidResponse(string path, string body) => Validate(Find(path)!.Value.Response, body).Length == 0;

    private static void AssertMatches(string definition, string subject, string body)
    {
        string errors = Validate(definition, body);
        Assert.True(errors.Length == 0, $"{subject}: {body} does not match {definition}: {errors}");
    }

    /// <summary>Returns the errors; empty if the body is valid.</summary>
    private static string Validate(string definition, string body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        EvaluationResults results = Schemas[definition].Evaluate(
            document.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List, RequireFormatValidation = true });
        return results.IsValid ? "" : string.Join("; ", Flatten(results)
            .SelectMany(static result => (result.Errors ?? []).Select(error => $"{result.InstanceLocation} {error.Value}")).DefaultIfEmpty("invalid"));
    }

    private static IEnumerable<EvaluationResults> Flatten(EvaluationResults results) =>
        [results, .. (results.Details ?? []).SelectMany(Flatten)];

    private static (string Request, string Response)? Find(string path) =>
        Paths.Where(entry => entry.Path.IsMatch(path)).Select(static entry => ((string, string)?)(entry.Request, entry.Response)).FirstOrDefault();

    private static JsonObject ReadDefinitions()
    {
        using Stream file = typeof(ContractSchema).Assembly.GetManifestResourceStream("contract.schema.json")!;
        return JsonNode.Parse(file)!["$defs"]!.AsObject();
    }

    private static JsonSchema CreateSchema(string definition) => JsonSchema.FromText(new JsonObject
    {
        ["$ref"] = $"#/$defs/{definition}",
        ["$defs"] = Definitions.DeepClone(),
    }.ToJsonString());
}
