using FaceGen.Emulator.Calling;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http.Replies;

namespace FaceGen.Emulator.Faults;

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
