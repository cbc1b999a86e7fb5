using FaceGen.Emulator.Calling;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http.Replies;

namespace FaceGen.Emulator.Faults;

/// <summary>The faults that were chosen for one call, the first that the call can show to be injected.</summary>
/// <param name="candidates">The faults, at least one.</param>
/// <param name="wait">The waiting time to tell the caller.</param>
/// <param name="giveBack">Undoes the choice, where the call could show none of them.</param>
internal sealed class FaultInjection(IReadOnlyList<Fault> candidates, TimeSpan wait, Action giveBack)
{
    /// <summary>The one that hits the call, if it can show it.</summary>
    internal Fault Best => candidates[0];

    /// <summary>Runs a call with the fault, and says what to reply and which fault that shows, if any.</summary>
    /// <param name="context">The call.</param>
    /// <param name="handle">Handles the call as if there were no faults.</param>
    internal (IReply Reply, Fault? Injected) Run(FaultContext context, Func<IReply> handle)
    {
        context = context with { Wait = wait };
        if (Best.Effect is FaultEffect.Instead instead)
            return (instead.Reply(context), Best);

        IReply good = handle();
        if (good.IsGood)
        {
            foreach (Fault fault in candidates)
            {
                if (fault.Effect is FaultEffect.After after && after.Reply(context, good) is { } reply)
                    return (reply, fault);
            }
        }

        giveBack();
        return (good, null);
    }

    /// <summary>The reply to a call that is not handled and whose body is not even read.</summary>
    internal (IReply Reply, Fault? Injected) RunBeforeBody(FaultContext context) =>
        Run(context, static () => throw new InvalidOperationException("The fault leaves the call to be handled."));

    /// <summary>The calls to a webhook that go out in place of the one that is due.</summary>
    internal IReadOnlyList<Delivery> Deliver(Generation generation, Delivery due) =>
        ((FaultEffect.OnWebhook)Best.Effect).Deliveries(generation, due, wait);
}
