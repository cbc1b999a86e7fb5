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
    /// <param name="Reply">What is sent in place of an answer.</param>
    internal sealed record Instead(Func<FaultContext, IReply> Reply) : FaultEffect
    {
        /// <summary>Whether it can hit before the request's body is read.</summary>
        internal bool ComesBeforeBody { get; init; }
    }

    /// <summary>The call is handled with all its consequences, and only what the caller sees of it differs.</summary>
    /// <param name="Reply">Makes another reply of a good one; null where this one cannot show the fault.</param>
    internal sealed record After(Func<FaultContext, IReply, IReply?> Reply) : FaultEffect;

    /// <summary>The service's own call goes out otherwise.</summary>
    /// <param name="Deliveries">Makes of the call that is due, and of the rule's waiting time, those that go out.</param>
    internal sealed record OnWebhook(Func<Generation, Delivery, TimeSpan, IReadOnlyList<Delivery>> Deliveries) : FaultEffect;
}
