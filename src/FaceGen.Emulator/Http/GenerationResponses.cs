using System.Globalization;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Http;

/// <summary>The responses about a generation, for its submitter and its webhook.</summary>
internal static class GenerationResponses
{
    /// <summary>Creates the response for a queued generation.</summary>
    /// <param name="links">Creates links.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="fetchPath">The path to fetch it.</param>
    /// <param name="now">The current time, for the eta.</param>
    internal static ApiResponse Queued(LinkFactory links, EmulatedGeneration generation, string fetchPath, DateTimeOffset now)
    {
        GenerationLinks images = new(links, generation);
        ApiResponse response = ApiResponse.Processing(WithParameters(generation, new JsonObject
        {
            ["id"] = generation.ReportedId,
            ["message"] = "The request is in the queue. Fetch the result after the estimated time.",
            ["tip"] = "Post your key to fetch_result until its status is success.",
            ["fetch_result"] = links.ForPath(fetchPath),
            ["output"] = new JsonArray(),
            ["future_links"] = images.OutputLinks(),
            ["proxy_links"] = new JsonArray(),
        }));
        if (generation.GetEta(now) is { } eta)
            response.Body["eta"] = eta;
        return response;
    }

    /// <summary>Creates the response with the images.</summary>
    internal static ApiResponse Finished(LinkFactory links, EmulatedGeneration generation)
    {
        GenerationLinks images = new(links, generation);
        return ApiResponse.Success(WithParameters(generation, new JsonObject
        {
            ["generationTime"] = Math.Round(generation.GenerationTime.TotalSeconds, 3),
            ["id"] = generation.ReportedId,
            ["output"] = images.OutputLinks(),
            ["proxy_links"] = images.ProxyLinks(),
        }));
    }

    /// <summary>Creates the response of a failed generation.</summary>
    internal static ApiResponse Failed(EmulatedGeneration generation) => ApiResponse.Failed(WithTrackId(generation, new JsonObject
    {
        ["id"] = generation.ReportedId,
        ["message"] = "The generation failed.",
    }));

    /// <summary>Creates the webhook's body: the images, or the failure.</summary>
    internal static ApiResponse Completed(LinkFactory links, EmulatedGeneration generation) =>
        generation.HasFailed ? Failed(generation) : Finished(links, generation);

    private static JsonObject WithParameters(EmulatedGeneration generation, JsonObject fields)
    {
        fields["meta"] = GenerationMeta.Write(generation.Parameters);
        return WithTrackId(generation, fields);
    }

    private static JsonObject WithTrackId(EmulatedGeneration generation, JsonObject fields)
    {
        if (generation.Parameters.TrackId is { } trackId)
            fields["track_id"] = JsonValue.Create(trackId);
        return fields;
    }
}

/// <summary>The links to a generation's images.</summary>
internal sealed class GenerationLinks(LinkFactory links, EmulatedGeneration generation)
{
    private string Extension => generation.Parameters.Base64 ? "base64" : "png";

    internal JsonArray OutputLinks() => CreateLinks(index => links.ForPicture(generation.Id, index, Extension));

    internal JsonArray ProxyLinks() => CreateLinks(index => links.ForProxiedPicture(generation.Id, index, Extension));

    private JsonArray CreateLinks(Func<int, string> link) =>
        [.. Enumerable.Range(0, generation.Parameters.Samples).Select(index => JsonValue.Create(link(index)))];
}

/// <summary>Writes the parameters as the documentation's example responses have them; the odd names and words are theirs.</summary>
internal static class GenerationMeta
{
    internal static JsonObject Write(GenerationParameters parameters) => new()
    {
        ["prompt"] = parameters.Prompt,
        ["negative_prompt"] = parameters.NegativePrompt,
        ["face_image"] = parameters.Face.Link,
        ["W"] = parameters.Width,
        ["H"] = parameters.Height,
        ["steps"] = parameters.NumInferenceSteps,
        ["guidance_scale"] = parameters.GuidanceScale,
        ["n_samples"] = parameters.Samples,
        ["seed"] = parameters.Seed,
        ["safety_checker"] = YesNo(parameters.SafetyChecker),
        ["safety_checker_type"] = parameters.SafetyCheckerType,
        ["base64"] = YesNo(parameters.Base64),
        ["temp"] = YesNo(true),
        ["file_prefix"] = string.Create(CultureInfo.InvariantCulture, $"{parameters.Seed:x16}"),
        ["outdir"] = "images",
    };

    private static string YesNo(bool value) => value ? "yes" : "no";
}
