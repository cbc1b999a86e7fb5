using FaceGen.Emulator.Accounts;
using FaceGen.Emulator.Calling;
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
            if (call.Generation is { } accepted)
                call.State.Webhooks.Expect(accepted);
        }
    }

    private static ApiAnswer Accept(ApiCall call, GenerationRequest request)
    {
        Admission admission = call.Account.Admit(request, call.Now);
        call.Generation = admission.Generation;
        return admission switch
        {
            { Generation: { } accepted } => accepted.IsFinished(call.Now)
                ? GenerationAnswers.Finished(call.Service.Links, accepted)
                : Queued(call, accepted),
            { Result: AdmissionResult.QueueFull } => ApiAnswer.RateLimited(
                $"Maximum {call.Account.QueueLimit} queued requests allowed.", QueueRetryAfterSeconds),
            _ => ApiAnswer.Error(
                StatusCodes.Status402PaymentRequired, "Insufficient credits. Please add funds to your wallet."),
        };
    }

    /// <summary>The answer to a submission whose images are still to come, or are made out to be.</summary>
    internal static ApiAnswer Queued(ApiCall call, Generation generation) => GenerationAnswers.Queued(
        call.Service.Links, generation, Routes.FetchPath(call.Path, generation.Id), call.Now);

    private static void Warn(ApiCall call, FieldReader fields, GenerationRequest? request)
    {
        foreach (string field in fields.UnknownFields)
            call.Warn($"The field '{field}' is not part of the contract and was ignored.");
        if (request?.Webhook is { } webhook && !WebhookCaller.CanCall(webhook, out _))
            call.Warn("The emulator works offline and calls no webhook outside this machine.");
        if (request is { Face.Image: null })
            call.Warn("The emulator works offline and fetches no face image: a placeholder is drawn.");
    }
}
