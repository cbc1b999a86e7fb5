using FaceGen.Emulator.Contract;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http;
using FaceGen.Emulator.Webhooks;

namespace FaceGen.Emulator.Faults;

/// <summary>The effect of a fault on a call.</summary>
internal abstract record FaultEffect
{
    private FaultEffect()
    {
    }

    /// <summary>The call is not handled: nothing is accepted or changed.</summary>
    /// <param name="CreateResponse">Creates the response that is sent instead; returns null if this call cannot show the fault.</param>
    internal sealed record WithoutHandling(Func<FaultContext, IResponse?> CreateResponse) : FaultEffect
    {
        /// <summary>True if the fault can hit before the request's body is read.</summary>
        internal bool CanHitBeforeBody { get; init; }
    }

    /// <summary>The call is handled completely; only the response differs.</summary>
    /// <param name="AlterResponse">Alters a successful response; returns null if this response cannot show the fault.</param>
    internal sealed record AfterHandling(Func<FaultContext, IResponse, IResponse?> AlterResponse) : FaultEffect;

    /// <summary>The webhook delivery is altered.</summary>
    /// <param name="AlterDelivery">Maps the due delivery and the rule's wait to the deliveries that are sent.</param>
    internal sealed record OnWebhook(Func<EmulatedGeneration, ScheduledDelivery, TimeSpan, IReadOnlyList<ScheduledDelivery>> AlterDelivery) : FaultEffect;
}

/// <summary>The call that a fault hits.</summary>
internal sealed record FaultContext(EmulatedService Service, CallKind Kind)
{
    /// <summary>Gets the API call; null for a download, and for a call with an invalid body or key.</summary>
    internal ApiCall? Call { get; init; }

    /// <summary>Gets the generation of a download; for other calls it is known after handling.</summary>
    internal EmulatedGeneration? DownloadedGeneration { private get; init; }

    /// <summary>Gets the key that the caller sent, valid or not; empty if there is none.</summary>
    internal string Key { get; init; } = "";

    /// <summary>Gets the wait that the fault reports to the caller.</summary>
    internal TimeSpan Wait { get; init; }

    internal int WaitSeconds => (int)Math.Ceiling(Wait.TotalSeconds);

    internal EmulatedGeneration? Generation => DownloadedGeneration ?? Call?.Generation;

    /// <summary>Reads the request of a submission; null if it is invalid.</summary>
    internal GenerationRequest? ReadRequest() => Call is { } call
        ? GenerationRequestReader.Read(new BodyReader(call.Fields.Body, strict: false), call.State.Faces)
        : null;
}

/// <summary>The faults chosen for one call. The first that the call can show is injected.</summary>
/// <param name="candidates">The faults, at least one.</param>
/// <param name="wait">The wait to report to the caller.</param>
/// <param name="undoHit">Undoes the choice if the call can show none of them.</param>
internal sealed class FaultInjection(IReadOnlyList<Fault> candidates, TimeSpan wait, Action undoHit)
{
    /// <summary>Gets the fault that hits the call if the call can show it.</summary>
    internal Fault Preferred => candidates[0];

    /// <summary>Runs a call with the fault.</summary>
    /// <param name="context">The call.</param>
    /// <param name="handle">Handles the call without faults.</param>
    /// <returns>The response and the injected fault, if any.</returns>
    internal (IResponse Response, Fault? Injected) Run(FaultContext context, Func<IResponse> handle)
    {
        context = context with { Wait = wait };
        if (Preferred.Effect is FaultEffect.WithoutHandling instead && instead.CreateResponse(context) is { } refusal)
            return (refusal, Preferred);

        IResponse response = handle();
        if (response.IsSuccess)
        {
            foreach (Fault fault in candidates)
            {
                if (fault.Effect is FaultEffect.AfterHandling after && after.AlterResponse(context, response) is { } altered)
                    return (altered, fault);
            }
        }

        undoHit();
        return (response, null);
    }

    /// <summary>Returns the response to a call that is not handled and whose body is not read.</summary>
    internal (IResponse Response, Fault? Injected) RunBeforeBody(FaultContext context) =>
        Run(context, static () => throw new InvalidOperationException("The fault handles the call, which needs its body."));

    /// <summary>Returns the webhook deliveries that replace the due one.</summary>
    internal IReadOnlyList<ScheduledDelivery> AlterDelivery(EmulatedGeneration generation, ScheduledDelivery due) =>
        ((FaultEffect.OnWebhook)Preferred.Effect).AlterDelivery(generation, due, wait);
}
