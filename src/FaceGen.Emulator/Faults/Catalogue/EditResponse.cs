using System.Text.Json.Nodes;
using FaceGen.Emulator.Http;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Makes faults that change something in an answer.</summary>
internal static class EditResponse
{
    /// <summary>A fault in any good answer.</summary>
    internal static Fault Any(
        string id, string description, IReadOnlyList<CallKind> kinds, Action<JsonObject, FaultContext> edit) =>
        Create(id, description, kinds, (context, answer) => Apply(answer, context, edit));

    /// <summary>
    /// A fault in the answer about what is still in the queue. A submission that is not is made out to be.
    /// </summary>
    internal static Fault Queued(
        string id, string description, IReadOnlyList<CallKind> kinds, Action<JsonObject, FaultContext> edit) =>
        Create(id, description, kinds, (context, answer) => context.Kind switch
        {
            CallKind.Submit => Apply(SubmitEndpoint.Queued(context.Call!, context.Generation!), context, edit),
            _ => (string?)answer.Body["status"] == "processing" ? Apply(answer, context, edit) : null,
        });

    /// <summary>A fault in the answer that brings the images; any other cannot show it.</summary>
    internal static Fault Finished(string id, string description, Action<JsonObject, FaultContext> edit) =>
        Create(id, description, CallKinds.SubmitAndFetch, (context, answer) =>
            (string?)answer.Body["status"] == "success" ? Apply(answer, context, edit) : null);

    /// <summary>A fault that only some answers can show.</summary>
    /// <param name="id">The fault's name.</param>
    /// <param name="description">What the caller gets to see.</param>
    /// <param name="kinds">The kinds of call that it can hit.</param>
    /// <param name="change">Makes the answer with the fault; null where this one cannot show it.</param>
    internal static Fault Create(
        string id,
        string description,
        IReadOnlyList<CallKind> kinds,
        Func<FaultContext, ApiResponse, ApiResponse?> change) =>
        new(id, description, kinds, new FaultEffect.AfterHandling((context, good) => change(context, (ApiResponse)good)));

    private static ApiResponse Apply(ApiResponse answer, FaultContext context, Action<JsonObject, FaultContext> edit)
    {
        edit(answer.Body, context);
        return answer;
    }
}
