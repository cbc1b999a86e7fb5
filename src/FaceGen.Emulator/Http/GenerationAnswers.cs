using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Images;

namespace FaceGen.Emulator.Http;

/// <summary>What the service says of a generation, to whoever submitted it and to its webhook.</summary>
internal static class GenerationAnswers
{
    /// <summary>The images are still to come, or are made out to be.</summary>
    /// <param name="links">Makes links of paths.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="fetchPath">Where it is fetched.</param>
    /// <param name="now">The moment, which its eta is told from.</param>
    internal static ApiAnswer Queued(LinkFactory links, Generation generation, string fetchPath, DateTimeOffset now)
    {
        GenerationLinks images = new(links, generation);
        ApiAnswer answer = ApiAnswer.Processing(WithParameters(generation, new JsonObject
        {
            ["id"] = generation.Id,
            ["message"] = "The request is in the queue. Fetch the result after the estimated time.",
            ["tip"] = "Post your key to fetch_result until its status is success.",
            ["fetch_result"] = links.To(fetchPath),
            ["output"] = new JsonArray(),
            ["future_links"] = images.Output(),
            ["proxy_links"] = images.Proxied(),
        }));
        if (generation.Eta(now) is { } eta)
            answer.Body["eta"] = eta;
        return answer;
    }

    /// <summary>The images are there.</summary>
    internal static ApiAnswer Finished(LinkFactory links, Generation generation)
    {
        GenerationLinks images = new(links, generation);
        return ApiAnswer.Success(WithParameters(generation, new JsonObject
        {
            ["generationTime"] = Math.Round(generation.GenerationTime.TotalSeconds, 3),
            ["id"] = generation.Id,
            ["output"] = images.Output(),
            ["proxy_links"] = images.Proxied(),
        }));
    }

    /// <summary>There will be no images.</summary>
    internal static ApiAnswer Failed(Generation generation) => ApiAnswer.Failed(WithTrackId(generation, new JsonObject
    {
        ["id"] = generation.Id,
        ["message"] = "The generation failed.",
    }));

    /// <summary>What a webhook is told: the images, or that there will be none.</summary>
    internal static ApiAnswer Ended(LinkFactory links, Generation generation) =>
        generation.HasFailed ? Failed(generation) : Finished(links, generation);

    private static JsonObject WithParameters(Generation generation, JsonObject fields)
    {
        fields["meta"] = GenerationMeta.Write(generation.Parameters);
        return WithTrackId(generation, fields);
    }

    private static JsonObject WithTrackId(Generation generation, JsonObject fields)
    {
        if (generation.Parameters.TrackId is { } trackId)
            fields["track_id"] = trackId;
        return fields;
    }
}
