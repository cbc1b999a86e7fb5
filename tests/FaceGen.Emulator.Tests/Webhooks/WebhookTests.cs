using System.Text.Json.Nodes;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Journaling;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Webhooks;

public sealed class WebhookTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Webhook_generation_ends_receives_result()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync();
        TestResponse submitted = await SubmitAsync(service, receiver.Uri, ("track_id", 42), ("seed", 7));

        service.Host.Clock.Advance(Hour / 2);
        service.Host.Clock.Advance(Hour / 2);
        JsonObject delivery = await receiver.NextAsync();

        Assert.Equal("success", (string?)delivery["status"]);
        Assert.Equal(submitted.Id, (long?)delivery["id"]);
        Assert.Equal(42, (int?)delivery["track_id"]);
        Assert.Equal(7, (long?)delivery["meta"]!["seed"]);
        Assert.Equal(3600, (double?)delivery["generationTime"]);
        Assert.Equal((await service.FetchAsync(submitted)).Output, delivery["output"]!.AsArray().Select(static link => (string)link!));
        WebhookDelivery recorded = await WaitForDeliveriesAsync(service);
        Assert.Equal((submitted.Id, 204, null, null), (recorded.GenerationId, recorded.Status, recorded.Error, recorded.Fault));
        Assert.Equal(receiver.Uri, recorded.Uri);
        Assert.Equal(service.Host.Clock.GetUtcNow(), recorded.Time, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Webhook_no_service_time_receives_result()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);

        TestResponse submitted = await SubmitAsync(service, receiver.Uri);

        Assert.Equal(submitted.Id, (long?)(await receiver.NextAsync())["id"]);
    }

    [Fact]
    public async Task Webhook_failed_generation_receives_documented_body()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync();
        service.Host.Faults.Add(Fault.ById("Q12-failed"), FaultOn.Submit.Nth(1));
        TestResponse submitted = await SubmitAsync(service, receiver.Uri, ("track_id", 42));

        service.Host.Clock.Advance(Hour);

        Assert.True(JsonNode.DeepEquals(await receiver.NextAsync(), new JsonObject
        {
            ["status"] = "failed",
            ["id"] = submitted.Id,
            ["message"] = "The generation failed.",
            ["track_id"] = 42,
        }));
    }

    [Fact]
    public async Task Webhook_unreachable_is_tried_once_and_journaled()
    {
        await using TestService service = await StartAsync(TimeSpan.Zero);

        await SubmitAsync(service, WebhookReceiver.UnusedAddress());

        WebhookDelivery recorded = await WaitForDeliveriesAsync(service);
        Assert.Equal(0, recorded.Status);
        Assert.NotNull(recorded.Error);
    }

    [Fact]
    public async Task Webhook_error_response_is_journaled_and_not_retried()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(status: 500);
        await using TestService service = await StartAsync(TimeSpan.Zero);

        await SubmitAsync(service, receiver.Uri);

        Assert.Equal(500, (await WaitForDeliveriesAsync(service)).Status);
        await receiver.NextAsync();
        Assert.False(receiver.HasMore);
    }

    [Fact]
    public async Task Webhook_on_another_machine_is_not_called_and_warns()
    {
        var warnings = new List<string>();
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { OnWarning = warnings.Add });

        await service.SubmitAsync(("webhook", "https://example.org/hook"));

        Assert.Contains("no webhook delivery to another machine", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Empty(service.Host.Journal.WebhookDeliveries);
    }

    [Fact]
    public async Task Webhook_rejected_submission_receives_nothing()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);

        Assert.Equal("error", (await SubmitAsync(service, receiver.Uri, ("samples", 99))).Status);
        TestResponse good = await SubmitAsync(service, receiver.Uri);

        Assert.Equal(good.Id, (long?)(await receiver.NextAsync())["id"]);
        Assert.False(receiver.HasMore);
    }

    [Fact]
    public async Task Webhook_lost_response_delivers_track_id()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);
        service.Host.Faults.Add(Fault.ById("accepted-then-500"), FaultOn.Submit.Nth(1));

        await SubmitAsync(service, receiver.Uri, ("track_id", 42));

        Assert.Equal(42, (int?)(await receiver.NextAsync())["track_id"]);
    }

    [Fact]
    public async Task Reset_discards_scheduled_deliveries()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync();
        await SubmitAsync(service, receiver.Uri, ("track_id", 1));

        service.Host.Reset();
        await SubmitAsync(service, receiver.Uri, ("track_id", 2));
        service.Host.Clock.Advance(Hour);

        Assert.Equal(2, (int?)(await receiver.NextAsync())["track_id"]);
        await WaitForDeliveriesAsync(service);
        Assert.False(receiver.HasMore);
    }

    [Fact]
    public async Task Webhook_many_deliveries_due_all_are_sent()
    {
        const int Count = 100;
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync(Hour, queueLimit: Count);
        for (int i = 0; i < Count; i++) await SubmitAsync(service, receiver.Uri, ("track_id", i));

        service.Host.Clock.Advance(Hour);

        var seen = new HashSet<int>();
        for (int i = 0; i < Count; i++) seen.Add((int)(await receiver.NextAsync())["track_id"]!);
        Assert.Equal(Count, seen.Count);
    }

    [Theory]
    [InlineData("Q34-twice", 2)]
    [InlineData("Q34-late", 1)]
    [InlineData("Q34-out-of-order", 1)]
    [InlineData("Q34-early", 1)]
    [InlineData("Q34-unknown-id", 2)]
    [InlineData("Q34-forged", 2)]
    [InlineData("Q34-no-json", 1)]
    [InlineData("Q34-never", 0)]
    public async Task Webhook_fault_sends_expected_deliveries_and_journals_them(string id, int deliveries)
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync();
        service.Host.Faults.Add(Fault.ById(id), FaultOn.Webhook.WithPrompt("odd"));
        await SubmitAsync(service, receiver.Uri, ("prompt", "odd"));

        service.Host.Clock.Advance(2 * Hour);
        for (int i = 0; i < deliveries; i++) await receiver.NextTextAsync();

        IReadOnlyList<WebhookDelivery> recorded = await WaitForDeliveriesAsync(service, deliveries);
        Assert.All(recorded, call => Assert.Equal(id, call.Fault));
        Assert.False(receiver.HasMore);
    }

    [Fact]
    public async Task Fault_twice_sends_the_same_body_again()
    {
        (WebhookReceiver receiver, TestService service, _) = await SubmitWithFaultAsync("Q34-twice");
        await using (receiver)
        await using (service)
        {
            service.Host.Clock.Advance(Hour);
            string first = await receiver.NextTextAsync();
            Assert.False(receiver.HasMore);
            service.Host.Clock.Advance(Hour);

            Assert.Equal(first, await receiver.NextTextAsync());
        }
    }

    [Fact]
    public async Task Fault_late_delivers_after_the_end()
    {
        (WebhookReceiver receiver, TestService service, TestResponse submitted) = await SubmitWithFaultAsync("Q34-late");
        await using (receiver)
        await using (service)
        {
            service.Host.Clock.Advance(Hour);
            Assert.Equal("success", (await service.FetchAsync(submitted)).Status);
            Assert.False(receiver.HasMore);
            service.Host.Clock.Advance(Hour);

            Assert.Equal(submitted.Id, (long?)(await receiver.NextAsync())["id"]);
        }
    }

    [Fact]
    public async Task Fault_early_delivers_before_a_fetch_reports_the_end()
    {
        (WebhookReceiver receiver, TestService service, TestResponse submitted) = await SubmitWithFaultAsync("Q34-early");
        await using (receiver)
        await using (service)
        {
            Assert.Equal("success", (string?)(await receiver.NextAsync())["status"]);
            Assert.Equal("processing", (await service.FetchAsync(submitted)).Status);
        }
    }

    [Fact]
    public async Task Fault_out_of_order_delivers_after_the_next()
    {
        (WebhookReceiver receiver, TestService service, TestResponse odd) = await SubmitWithFaultAsync("Q34-out-of-order");
        await using (receiver)
        await using (service)
        {
            TestResponse next = await SubmitAsync(service, receiver.Uri, ("prompt", "even"));
            service.Host.Clock.Advance(Hour + TimeSpan.FromMinutes(1));

            Assert.Equal(next.Id, (long?)(await receiver.NextAsync())["id"]);
            Assert.Equal(odd.Id, (long?)(await receiver.NextAsync())["id"]);
        }
    }

    [Fact]
    public async Task Fault_unknown_id_delivers_both_ids()
    {
        (WebhookReceiver receiver, TestService service, TestResponse submitted) = await SubmitWithFaultAsync("Q34-unknown-id");
        await using (receiver)
        await using (service)
        {
            service.Host.Clock.Advance(Hour);
            long[] ids = [(long)(await receiver.NextAsync())["id"]!, (long)(await receiver.NextAsync())["id"]!];

            Assert.Contains(submitted.Id, ids);
            long unknown = Assert.Single(ids, id => id != submitted.Id);
            Assert.Equal("error", (await service.PostAsync($"/api/v6/image_editing/fetch/{unknown}")).Status);
        }
    }

    [Fact]
    public async Task Fault_forged_delivers_failure_of_a_running_generation()
    {
        (WebhookReceiver receiver, TestService service, TestResponse submitted) = await SubmitWithFaultAsync("Q34-forged");
        await using (receiver)
        await using (service)
        {
            JsonObject forged = await receiver.NextAsync();
            service.Host.Clock.Advance(Hour);

            Assert.Equal(("failed", submitted.Id), ((string?)forged["status"], (long?)forged["id"]));
            Assert.Equal("success", (string?)(await receiver.NextAsync())["status"]);
            Assert.Equal("success", (await service.FetchAsync(submitted)).Status);
        }
    }

    [Fact]
    public async Task Fault_no_json_delivers_html()
    {
        (WebhookReceiver receiver, TestService service, _) = await SubmitWithFaultAsync("Q34-no-json");
        await using (receiver)
        await using (service)
        {
            service.Host.Clock.Advance(Hour);

            Assert.StartsWith("<!DOCTYPE html>", await receiver.NextTextAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Rule_text_webhook_kind_round_trips() =>
        Assert.Equal("Q34-never@webhook:rate=0.5", FaultRule.Parse("Q34-never@webhook:rate=0.5").ToString());

    [Fact]
    public async Task Admin_webhooks_returns_deliveries()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);
        await SubmitAsync(service, receiver.Uri);
        await WaitForDeliveriesAsync(service);

        using HttpResponseMessage response = await service.GetAsync("/admin/webhooks");

        Assert.Equal(204, (int?)JsonNode.Parse(await response.Content.ReadAsStringAsync())![0]!["status"]);
    }

    /// <summary>Submits a generation of one hour whose delivery has a fault with a wait of half an hour.</summary>
    private static async Task<(WebhookReceiver Receiver, TestService Service, TestResponse Submitted)> SubmitWithFaultAsync(string fault)
    {
        WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        TestService service = await StartAsync();
        service.Host.Faults.Add(new FaultRule(Fault.ById(fault), FaultOn.Webhook.WithPrompt("odd")) { Wait = Hour / 2 });
        return (receiver, service, await SubmitAsync(service, receiver.Uri, ("prompt", "odd")));
    }

    private static Task<TestService> StartAsync(TimeSpan? serviceTime = null, int queueLimit = 5) => TestService.StartAsync(new EmulatorOptions
    {
        QueueLimit = queueLimit,
        ServiceTime = ServiceTime.Fixed(serviceTime ?? Hour),
    });

    private static Task<TestResponse> SubmitAsync(TestService service, Uri webhook, params (string Name, JsonNode? Value)[] fields) =>
        service.SubmitAsync([("webhook", webhook.AbsoluteUri), .. fields]);

    private static async Task<WebhookDelivery> WaitForDeliveriesAsync(TestService service) => Assert.Single(await WaitForDeliveriesAsync(service, 1));

    /// <summary>Waits until the journal has a number of deliveries; each is recorded when its response arrives.</summary>
    private static async Task<IReadOnlyList<WebhookDelivery>> WaitForDeliveriesAsync(TestService service, int count)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (service.Host.Journal.WebhookDeliveries.Count < count) await Task.Delay(10, timeout.Token);
        return service.Host.Journal.WebhookDeliveries;
    }
}
