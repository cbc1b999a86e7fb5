using System.Text;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Calling;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Oddities of the service's calls to webhooks, which promise nothing but a hint.</summary>
internal static class WebhookFaults
{
    /// <summary>An id that no generation ever has.</summary>
    private const long UnknownId = 1;

    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("Q34-twice", "The same call twice, the second after the rule's waiting time.",
            static (_, due, wait) => [due, due with { DueTime = due.DueTime + wait }]),
        Create("Q34-never", "No call at all.", static (_, _, _) => []),
        Create("Q34-late", "The call comes late, by the rule's waiting time.",
            static (_, due, wait) => [due with { DueTime = due.DueTime + wait }]),
        Create("Q34-out-of-order", "Another call overtakes it, or the rule's waiting time passes.",
            static (_, due, wait) => [due with { MaxHoldback = wait }]),
        Create("Q34-early", "The call comes as soon as the generation is begun, long before a look tells its end.",
            static (generation, due, _) => [due with { DueTime = generation.StartsAt }]),
        Create("Q34-unknown-id", "A call for an id that nobody was given, then the right one.",
            static (_, due, _) => [due with { CreateBody = () => WithId(due.CreateBody()) }, due]),
        Create("Q34-forged", "A forged call as soon as the generation is begun, which says that it failed; then the right one.",
            static (generation, due, _) =>
            [
                new ScheduledDelivery(generation.StartsAt, () => GenerationResponses.Failed(generation).Body.ToJsonString()),
                due,
            ]),
        Create("Q34-no-json", "A call whose body is an HTML page.", static (_, due, _) =>
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
