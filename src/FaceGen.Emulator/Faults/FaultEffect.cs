using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http;
using FaceGen.Emulator.Webhooks;

namespace FaceGen.Emulator.Faults;

/// <summary>What a fault does to a call.</summary>
internal abstract record FaultEffect
{
    private FaultEffect()
    {
    }

    /// <summary>The call is not handled: nothing is accepted and nothing changes.</summary>
    /// <param name="CreateResponse">What is sent in place of an answer.</param>
    internal sealed record WithoutHandling(Func<FaultContext, IResponse> CreateResponse) : FaultEffect
    {
        /// <summary>Whether it can hit before the request's body is read.</summary>
        internal bool CanHitBeforeBody { get; init; }
    }

    /// <summary>The call is handled with all its consequences, and only what the caller sees of it differs.</summary>
    /// <param name="AlterResponse">Makes another reply of a good one; null where this one cannot show the fault.</param>
    internal sealed record AfterHandling(Func<FaultContext, IResponse, IResponse?> AlterResponse) : FaultEffect;

    /// <summary>The service's own call goes out otherwise.</summary>
    /// <param name="AlterDelivery">Makes of the call that is due, and of the rule's waiting time, those that go out.</param>
    internal sealed record OnWebhook(Func<EmulatedGeneration, ScheduledDelivery, TimeSpan, IReadOnlyList<ScheduledDelivery>> AlterDelivery) : FaultEffect;
}

/// <summary>What a fault knows of the call that it hits.</summary>
internal sealed record FaultContext(EmulatedService Service, CallKind Kind)
{
    /// <summary>The call of the API; null for a download, and for a call whose body or key is bad.</summary>
    internal ApiCall? Call { get; init; }

    /// <summary>The generation that a download is about; for other calls it is known when they have been handled.</summary>
    internal EmulatedGeneration? DownloadedGeneration { private get; init; }

    /// <summary>The key that the caller sent, right or wrong; empty where there was none.</summary>
    internal string Key { get; init; } = "";

    /// <summary>The waiting time to tell the caller, where the fault tells one.</summary>
    internal TimeSpan Wait { get; init; }

    internal int WaitSeconds => (int)Math.Ceiling(Wait.TotalSeconds);

    internal EmulatedGeneration? Generation => DownloadedGeneration ?? Call?.Generation;
}

/// <summary>The faults that were chosen for one call, the first that the call can show to be injected.</summary>
/// <param name="candidates">The faults, at least one.</param>
/// <param name="wait">The waiting time to tell the caller.</param>
/// <param name="undoHit">Undoes the choice, where the call could show none of them.</param>
internal sealed class FaultInjection(IReadOnlyList<Fault> candidates, TimeSpan wait, Action undoHit)
{
    /// <summary>The one that hits the call, if it can show it.</summary>
    internal Fault Preferred => candidates[0];

    /// <summary>Runs a call with the fault, and says what to reply and which fault that shows, if any.</summary>
    /// <param name="context">The call.</param>
    /// <param name="handle">Handles the call as if there were no faults.</param>
    internal (IResponse Reply, Fault? Injected) Run(FaultContext context, Func<IResponse> handle)
    {
        context = context with { Wait = wait };
        if (Preferred.Effect is FaultEffect.WithoutHandling instead)
            return (instead.CreateResponse(context), Preferred);

        IResponse good = handle();
        if (good.IsSuccess)
        {
            foreach (Fault fault in candidates)
            {
                if (fault.Effect is FaultEffect.AfterHandling after && after.AlterResponse(context, good) is { } reply)
                    return (reply, fault);
            }
        }

        undoHit();
        return (good, null);
    }

    /// <summary>The reply to a call that is not handled and whose body is not even read.</summary>
    internal (IResponse Reply, Fault? Injected) RunBeforeBody(FaultContext context) =>
        Run(context, static () => throw new InvalidOperationException("The fault leaves the call to be handled."));

    /// <summary>The calls to a webhook that go out in place of the one that is due.</summary>
    internal IReadOnlyList<ScheduledDelivery> AlterDelivery(EmulatedGeneration generation, ScheduledDelivery due) =>
        ((FaultEffect.OnWebhook)Preferred.Effect).AlterDelivery(generation, due, wait);
}
