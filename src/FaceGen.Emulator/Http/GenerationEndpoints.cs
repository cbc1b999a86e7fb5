using System.Globalization;
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
            GenerationRequest? request = GenerationRequestReader.Read(
                call.Body, call.State.Faces, out BodyReader fields);
            AddWarnings(call, fields, request);
            return request is null
                ? ApiResponse.Error(StatusCodes.Status400BadRequest, fields.Errors.ToJson())
                : Accept(call, request);
        }
        finally
        {
            call.Account.EndSubmission(call.Generation);
            if (call.Generation is { } accepted)
                call.State.Webhooks.Schedule(accepted);
        }
    }

    private static ApiResponse Accept(ApiCall call, GenerationRequest request)
    {
        Admission admission = call.Account.Admit(request, call.Now);
        call.Generation = admission.Generation;
        return admission switch
        {
            { Generation: { } accepted } => accepted.IsFinished(call.Now)
                ? GenerationResponses.Finished(call.Service.Links, accepted)
                : Queued(call, accepted),
            { Result: AdmissionResult.QueueFull } => ApiResponse.RateLimited(
                $"Maximum {call.Account.QueueLimit} queued requests allowed.", QueueRetryAfterSeconds),
            _ => ApiResponse.Error(
                StatusCodes.Status402PaymentRequired, "Insufficient credits. Please add funds to your wallet."),
        };
    }

    /// <summary>Returns the response to a submission that is queued, or presented as queued.</summary>
    internal static ApiResponse Queued(ApiCall call, EmulatedGeneration generation) => GenerationResponses.Queued(
        call.Service.Links, generation, Routes.FetchPath(call.Path, generation.Id), call.Now);

    private static void AddWarnings(ApiCall call, BodyReader fields, GenerationRequest? request)
    {
        foreach (string field in fields.UnknownFields)
            call.AddWarning($"The field '{field}' is not part of the contract and was ignored.");
        if (request?.Get<string>(RequestField.Webhook) is { } webhook && !WebhookSender.IsReachable(webhook, out _))
            call.AddWarning("The emulator works offline and sends no webhook delivery to another machine.");
        if (request is { Face.Image: null })
            call.AddWarning("The emulator works offline and downloads no face image. It draws a placeholder.");
    }

    /// <summary>Returns the state of a generation by its id; it costs nothing.</summary>
    internal static ApiResponse Fetch(ApiCall call)
    {
        string text = call.RouteValue(Routes.Id);
        EmulatedGeneration? generation = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long id)
            ? call.Account.Find(id)
            : null;
        call.Generation = generation;

        return generation switch
        {
            null => ApiResponse.Error(StatusCodes.Status200OK, $"No request with the id {text} belongs to this key."),
            _ when generation.IsFinished(call.Now) => ApiResponse.Success(new JsonObject
            {
                ["id"] = generation.Id,
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
