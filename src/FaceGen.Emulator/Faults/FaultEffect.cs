using FaceGen.Emulator.Calling;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http.Replies;

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
