using System.Text.Json.Nodes;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;
using FaceGen.Tests.Shared;

namespace FaceGen.Emulator.Tests.Contract;

/// <summary>
/// Tests that responses match the schemas of the published contract. <see cref="TestService.SendAsync"/> asserts it for every response
/// without faults in every test; these tests add webhook deliveries, and responses that must not match.
/// </summary>
public sealed class PublishedContractTests
{
    [Fact]
    public async Task Webhook_delivery_matches_the_contract()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using TestService service = await TestService.StartAsync();

        await service.SubmitAsync(("webhook", receiver.Uri.AbsoluteUri), ("track_id", 42));
        await service.SubmitAsync(("webhook", receiver.Uri.AbsoluteUri), ("track_id", "order_12345"), ("samples", 2));

        ContractSchema.AssertWebhookDelivery(await receiver.NextTextAsync());
        ContractSchema.AssertWebhookDelivery(await receiver.NextTextAsync());
    }

    [Theory]
    [InlineData("Q2-message-object")]
    [InlineData("Q3-code")]
    [InlineData("Q4-messege")]
    [InlineData("Q7-output-text")]
    [InlineData("Q8-no-id")]
    [InlineData("Q10-eta-text")]
    [InlineData("Q11-id-text")]
    [InlineData("Q12-ready")]
    [InlineData("Q15-meta-texts")]
    [InlineData("Q19-extra-fields")]
    [InlineData("Q19-nulls")]
    [InlineData("Q20-empty-output")]
    [InlineData("Q21-output-text")]
    [InlineData("Q27-inline")]
    [InlineData("Q36-request-id")]
    [InlineData("Q37-nsfw-flag")]
    [InlineData("Q38-wait-in-tip")]
    [InlineData("Q39-failed-try-again")]
    [InlineData("Q44-uuid")]
    [InlineData("Q46-429-with-id")]
    public async Task Deviating_response_does_not_match_the_contract(string fault)
    {
        await using TestService service = await TestService.StartAsync();
        service.Host.Faults.Add(Fault.ById(fault), FaultOn.Submit.Nth(1));

        TestResponse response = await service.SubmitAsync();

        Assert.Equal(fault, service.Host.Journal.Entries[0].Fault);
        Assert.False(ContractSchema.IsValidResponse(TestService.FaceGen, response.Body.ToJsonString()));
    }

    [Theory]
    [InlineData("""{"style":"anime"}""")]
    [InlineData("""{"s_scale":1}""")]
    [InlineData("""{"base64":false}""")]
    [InlineData("""{"W":"512"}""")]
    public async Task Meta_unlike_the_examples_does_not_match_the_contract(string fields)
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { ServiceTime = ServiceTime.Fixed(TimeSpan.FromMinutes(1)) });
        JsonObject body = (await service.SubmitAsync()).Body;

        foreach ((string name, JsonNode? value) in JsonNode.Parse(fields)!.AsObject())
            body["meta"]![name] = value?.DeepClone();

        Assert.False(ContractSchema.IsValidResponse(TestService.FaceGen, body.ToJsonString()));
    }
}
