using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Http;

/// <summary>What the service says of a generation, to whoever submitted it and to its webhook.</summary>
internal static class GenerationResponses
{
    /// <summary>The images are still to come, or are made out to be.</summary>
    /// <param name="links">Makes links of paths.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="fetchPath">Where it is fetched.</param>
    /// <param name="now">The moment, which its eta is told from.</param>
    internal static ApiResponse Queued(LinkFactory links, EmulatedGeneration generation, string fetchPath, DateTimeOffset now)
    {
        GenerationLinks images = new(links, generation);
        ApiResponse answer = ApiResponse.Processing(WithParameters(generation, new JsonObject
        {
            ["id"] = generation.Id,
            ["message"] = "The request is in the queue. Fetch the result after the estimated time.",
            ["tip"] = "Post your key to fetch_result until its status is success.",
            ["fetch_result"] = links.ForPath(fetchPath),
            ["output"] = new JsonArray(),
            ["future_links"] = images.OutputLinks(),
            ["proxy_links"] = images.ProxyLinks(),
        }));
        if (generation.GetEta(now) is { } eta)
            answer.Body["eta"] = eta;
        return answer;
    }

    /// <summary>The images are there.</summary>
    internal static ApiResponse Finished(LinkFactory links, EmulatedGeneration generation)
    {
        GenerationLinks images = new(links, generation);
        return ApiResponse.Success(WithParameters(generation, new JsonObject
        {
            ["generationTime"] = Math.Round(generation.GenerationTime.TotalSeconds, 3),
            ["id"] = generation.Id,
            ["output"] = images.OutputLinks(),
            ["proxy_links"] = images.ProxyLinks(),
        }));
    }

    /// <summary>There will be no images.</summary>
    internal static ApiResponse Failed(EmulatedGeneration generation) => ApiResponse.Failed(WithTrackId(generation, new JsonObject
    {
        ["id"] = generation.Id,
        ["message"] = "The generation failed.",
    }));

    /// <summary>What a webhook is told: the images, or that there will be none.</summary>
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
            fields["track_id"] = trackId;
        return fields;
    }
}
