using FaceGen.Emulator.Accounts;
using FaceGen.Emulator.Calling;
using FaceGen.Emulator.Contract;
using FaceGen.Emulator.Generating;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http;

/// <summary>Takes a submission: checked, then accepted or refused, then answered.</summary>
internal static class SubmitEndpoint
{
    /// <summary>What the documented refusal names as waiting time.</summary>
    private const int QueueRetryAfterSeconds = 30;

    internal static ApiResponse Submit(ApiCall call)
    {
        call.Account.BeginSubmission(call.Now);
        try
        {
            GenerationRequest? request = GenerationRequestReader.Read(
                call.Body, call.State.Faces, out FieldReader fields);
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

    /// <summary>The answer to a submission whose images are still to come, or are made out to be.</summary>
    internal static ApiResponse Queued(ApiCall call, EmulatedGeneration generation) => GenerationResponses.Queued(
        call.Service.Links, generation, Routes.FetchPath(call.Path, generation.Id), call.Now);

    private static void AddWarnings(ApiCall call, FieldReader fields, GenerationRequest? request)
    {
        foreach (string field in fields.UnknownFields)
            call.AddWarning($"The field '{field}' is not part of the contract and was ignored.");
        if (request?.Webhook is { } webhook && !WebhookSender.IsReachable(webhook, out _))
            call.AddWarning("The emulator works offline and calls no webhook outside this machine.");
        if (request is { Face.Image: null })
            call.AddWarning("The emulator works offline and fetches no face image: a placeholder is drawn.");
    }
}
