using System.Text;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http;
using FaceGen.Emulator.Webhooks;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Faults.Catalog;

/// <summary>Faults of webhook deliveries, which are only hints.</summary>
internal static class WebhookFaults
{
    /// <summary>An id that no generation has.</summary>
    private const long UnknownId = 1;

    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("Q34-twice", "The same delivery twice, the second after the rule's wait.",
            static (_, due, wait) => [due, due with { DueTime = due.DueTime + wait }]),
        Create("Q34-never", "No delivery.", static (_, _, _) => []),
        Create("Q34-late", "The delivery is late by the rule's wait.",
            static (_, due, wait) => [due with { DueTime = due.DueTime + wait }]),
        Create("Q34-out-of-order", "The delivery follows the next one, or comes after the rule's wait.",
            static (_, due, wait) => [due with { MaxHoldback = wait }]),
        Create("Q34-early", "The delivery comes when the generation starts, long before a fetch reports its end.",
            static (generation, due, _) => [due with { DueTime = generation.StartsAt }]),
        Create("Q34-unknown-id", "A delivery for an unknown id, then the right one.",
            static (_, due, _) => [due with { CreateBody = () => WithId(due.CreateBody()) }, due]),
        Create("Q34-forged", "A forged delivery when the generation starts, which reports a failure; then the right one.",
            static (generation, due, _) =>
            [
                new ScheduledDelivery(generation.StartsAt, () => GenerationResponses.Failed(generation).Body.ToJsonString()),
                due,
            ]),
        Create("Q34-no-json", "A delivery whose body is an HTML page.", static (_, due, _) =>
            [due with { CreateBody = static () => Encoding.UTF8.GetString(ProxyPage.Create(StatusCodes.Status502BadGateway).Body.Span) }]),
    ];

    private static Fault Create(string id, string description, Func<EmulatedGeneration, ScheduledDelivery, TimeSpan, IReadOnlyList<ScheduledDelivery>> change) =>
        new(id, description, CallKinds.Webhook, new FaultEffect.OnWebhook(change));

    private static string WithId(string body)
    {
        JsonNode call = JsonNode.Parse(body)!;
        call["id"] = UnknownId;
        return call.ToJsonString();
    }
}
