using FaceGen.Emulator.Generating;

namespace FaceGen.Benchmarks.Benchmarks;

/// <summary>A simulated service, and what must be reached on it.</summary>
/// <param name="Title">What it is, in words.</param>
/// <param name="Slots">How many requests it works on at once.</param>
/// <param name="ServiceTime">How long they take.</param>
/// <param name="MaxTime">The bar: time ÷ ideal.</param>
/// <param name="MaxPolls">The bar: polls a request.</param>
internal sealed record SlotScenario(string Title, int Slots, ServiceTime ServiceTime, double MaxTime, double MaxPolls)
{
    /// <summary>How far etas are off; null for none.</summary>
    internal double? EtaError { get; init; } = 0.5;

    /// <summary>Whether FaceGen has a webhook that the service calls; the peers have none.</summary>
    internal bool UsesWebhook { get; init; }
}
