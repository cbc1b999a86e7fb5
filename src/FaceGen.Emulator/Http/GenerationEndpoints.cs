using System.Text.Json.Nodes;
using FaceGen.Emulator.Accounts;
using FaceGen.Contract;
using FaceGen.Emulator.Contract;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Webhooks;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>The calls that submit and fetch a generation.</summary>
internal static class GenerationEndpoints
{
    /// <summary>The retry_after of the documented rejection.</summary>
    private const int QueueRetryAfterSeconds = 30;

    internal static ApiResponse Submit(ApiCall call)
    {
        call.Account.BeginSubmission(call.Now);
        try
        {
            GenerationRequest? request = GenerationRequestReader.Read(call.Fields, call.State.Faces);
            AddWarnings(call, request);
            return request switch
            {
                null => ApiResponse.Invalid(call.Fields),
                { LacksBase64: true } when call.Service.Options.Strict => Base64Required,
                _ => Accept(call, request),
            };
        }
        finally
        {
            call.Account.EndSubmission(call.Generation);
            if (call.Generation is { } accepted)
                call.State.Webhooks.Schedule(accepted);
        }
    }

    /// <summary>Gets the refusal of a face image in base64 without <c>base64</c>.</summary>
    internal static ApiResponse Base64Required =>
        ApiResponse.Error(StatusCodes.Status400BadRequest, "base64 must be true if face_image is base64");

    private static ApiResponse Accept(ApiCall call, GenerationRequest request)
    {
        Admission admission = call.Account.Admit(request, call.Now);
        call.Generation = admission.Generation;
        return admission switch
        {
            { Generation: { } accepted } => Accepted(call, accepted),
            { Result: AdmissionResult.QueueFull } => ApiResponse.RateLimited(
                $"Maximum {call.Account.QueueLimit} queued requests allowed.", QueueRetryAfterSeconds),
            _ => ApiResponse.Error(
                StatusCodes.Status402PaymentRequired, "Insufficient credits. Please add more credits to continue."),
        };
    }

    /// <summary>Returns the response to an accepted submission.</summary>
    internal static ApiResponse Accepted(ApiCall call, EmulatedGeneration generation) => generation.IsFinished(call.Now)
        ? GenerationResponses.Finished(call.Service.Links, generation)
        : Queued(call, generation);

    /// <summary>Returns the response to a submission that is queued, or presented as queued.</summary>
    internal static ApiResponse Queued(ApiCall call, EmulatedGeneration generation) => GenerationResponses.Queued(
        call.Service.Links, generation, Routes.FetchPath(call.Path, generation), call.Now);

    private static void AddWarnings(ApiCall call, GenerationRequest? request)
    {
        if (request?.Get<string>(RequestField.Webhook) is { } webhook && !WebhookSender.IsReachable(webhook, out _))
            call.AddWarning("The emulator works offline and sends no webhook delivery to another machine.");
        if (request is { Face.Image: null })
            call.AddWarning("The emulator works offline and downloads no face image. It draws a placeholder.");
    }

    /// <summary>Returns the state of a generation by its id; it costs nothing.</summary>
    internal static ApiResponse Fetch(ApiCall call)
    {
        string text = call.RouteValue(Routes.Id);
        EmulatedGeneration? generation = GenerationId.TryParse(text) is { } id ? call.Account.Find(id) : null;
        call.Generation = generation;

        return generation switch
        {
            null => ApiResponse.Error(StatusCodes.Status200OK, $"No request with the id {text} belongs to this key."),
            _ when generation.FetchPath is { } path && path != call.Path => ApiResponse.Error(StatusCodes.Status404NotFound, "Request not found"),
            _ when generation.IsFinished(call.Now) => ApiResponse.Success(new JsonObject
            {
                ["id"] = generation.ReportedId,
                ["output"] = new GenerationLinks(call.Service.Links, generation).OutputLinks(),
            }),
            _ => ApiResponse.Processing(new JsonObject
            {
                ["message"] = "The request is still in the queue.",
                ["output"] = "",
                ["tip"] = "Fetch again in a few seconds.",
            }),
        };
    }
}
