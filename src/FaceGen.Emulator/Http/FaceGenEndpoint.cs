using System.Text.Json.Nodes;
using FaceGen.Emulator.Accounts;
using FaceGen.Emulator.Contract;
using FaceGen.Emulator.Generating;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>Takes a submission: checked, then accepted or refused, then answered.</summary>
internal static class FaceGenEndpoint
{
    /// <summary>What the documented refusal names as waiting time.</summary>
    private const int QueueRetryAfterSeconds = 30;

    internal static ApiAnswer Submit(ApiCall call)
    {
        call.Account.OpenSubmission(call.Now);
        try
        {
            GenerationRequest? request = GenerationRequestReader.Read(
                call.Body, call.State.Faces, out FieldReader fields);
            Warn(call, fields, request);
            return request is null
                ? ApiAnswer.Error(StatusCodes.Status400BadRequest, fields.Errors.ToJson())
                : Accept(call, request);
        }
        finally
        {
            call.Account.CloseSubmission(call.Generation);
        }
    }

    private static ApiAnswer Accept(ApiCall call, GenerationRequest request)
    {
        Admission admission = call.Account.Admit(request, call.Now);
        call.Generation = admission.Generation;
        return admission switch
        {
            { Generation: { } accepted } => accepted.IsFinished(call.Now)
                ? Finished(call, accepted)
                : Queued(call, accepted),
            { Result: AdmissionResult.QueueFull } => ApiAnswer.RateLimited(
                $"Maximum {call.Account.QueueLimit} queued requests allowed.", QueueRetryAfterSeconds),
            _ => ApiAnswer.Error(
                StatusCodes.Status402PaymentRequired, "Insufficient credits. Please add funds to your wallet."),
        };
    }

    /// <summary>The answer to a submission whose images are still to come, or are made out to be.</summary>
    internal static ApiAnswer Queued(ApiCall call, Generation generation)
    {
        GenerationLinks links = new(call.Service.Links, generation);
        ApiAnswer answer = ApiAnswer.Processing(WithParameters(generation, new JsonObject
        {
            ["id"] = generation.Id,
            ["message"] = "The request is in the queue. Fetch the result after the estimated time.",
            ["tip"] = "Post your key to fetch_result until its status is success.",
            ["fetch_result"] = call.Service.Links.To(Routes.FetchPath(call.Path, generation.Id)),
            ["output"] = new JsonArray(),
            ["future_links"] = links.Output(),
            ["proxy_links"] = links.Proxied(),
        }));
        if (generation.Eta(call.Now) is { } eta)
            answer.Body["eta"] = eta;
        return answer;
    }

    private static ApiAnswer Finished(ApiCall call, Generation generation)
    {
        GenerationLinks links = new(call.Service.Links, generation);
        return ApiAnswer.Success(WithParameters(generation, new JsonObject
        {
            ["generationTime"] = Math.Round(generation.GenerationTime.TotalSeconds, 3),
            ["id"] = generation.Id,
            ["output"] = links.Output(),
            ["proxy_links"] = links.Proxied(),
        }));
    }

    private static JsonObject WithParameters(Generation generation, JsonObject fields)
    {
        fields["meta"] = GenerationMeta.Write(generation.Parameters);
        if (generation.Parameters.TrackId is { } trackId)
            fields["track_id"] = trackId;
        return fields;
    }

    private static void Warn(ApiCall call, FieldReader fields, GenerationRequest? request)
    {
        foreach (string field in fields.UnknownFields)
            call.Warn($"The field '{field}' is not part of the contract and was ignored.");
        if (request?.Webhook is not null)
            call.Warn("The emulator works offline and calls no webhook.");
        if (request is { Face.Image: null })
            call.Warn("The emulator works offline and fetches no face image: a placeholder is drawn.");
    }
}
