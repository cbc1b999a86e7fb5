using System.Text.Json.Nodes;
using FaceGen.Emulator.Faults;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Journaling;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Calling;

public sealed class WebhookTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Webhook_generation_ends_receives_result()
    {
        await using WebhookReceiver sink = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync();
        ServiceResponse submitted = await SubmitAsync(service, sink.Uri, ("track_id", 42), ("seed", 7));

        service.Host.Clock.Advance(Hour / 2);
        service.Host.Clock.Advance(Hour / 2);
        JsonObject call = await sink.NextAsync();

        Assert.Equal("success", (string?)call["status"]);
        Assert.Equal(submitted.Id, (long?)call["id"]);
        Assert.Equal(42, (int?)call["track_id"]);
        Assert.Equal(7, (long?)call["meta"]!["seed"]);
        Assert.Equal(3600, (double?)call["generationTime"]);
        Assert.Equal((await service.FetchAsync(submitted)).Output, call["output"]!.AsArray().Select(static link => (string)link!));
        WebhookDelivery noted = await WaitForDeliveriesAsync(service);
        Assert.Equal((submitted.Id, 204, null, null), (noted.GenerationId, noted.Status, noted.Error, noted.Fault));
        Assert.Equal(sink.Uri, noted.Uri);
        Assert.Equal(service.Host.Clock.GetUtcNow(), noted.Time, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Webhook_no_service_time_receives_result()
    {
        await using WebhookReceiver sink = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);

        ServiceResponse submitted = await SubmitAsync(service, sink.Uri);

        Assert.Equal(submitted.Id, (long?)(await sink.NextAsync())["id"]);
    }

    [Fact]
    public async Task Webhook_failed_generation_receives_documented_body()
    {
        await using WebhookReceiver sink = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync();
        service.Host.Faults.Add(Fault.ById("Q12-failed"), FaultOn.Submit.Nth(1));
        ServiceResponse submitted = await SubmitAsync(service, sink.Uri, ("track_id", 42));

        service.Host.Clock.Advance(Hour);

        Assert.True(JsonNode.DeepEquals(await sink.NextAsync(), new JsonObject
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

        WebhookDelivery noted = await WaitForDeliveriesAsync(service);
        Assert.Equal(0, noted.Status);
        Assert.NotNull(noted.Error);
    }

    [Fact]
    public async Task Webhook_error_response_is_journaled_and_not_retried()
    {
        await using WebhookReceiver sink = await WebhookReceiver.StartAsync(status: 500);
        await using TestService service = await StartAsync(TimeSpan.Zero);

        await SubmitAsync(service, sink.Uri);

        Assert.Equal(500, (await WaitForDeliveriesAsync(service)).Status);
        await sink.NextAsync();
        Assert.False(sink.HasMore);
    }

    [Fact]
    public async Task Webhook_on_another_machine_is_not_called_and_warns()
    {
        var told = new List<string>();
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { OnWarning = told.Add });

        await service.SubmitAsync(("webhook", "https://example.org/told"));

        Assert.Contains("no webhook outside this machine", Assert.Single(told), StringComparison.Ordinal);
        Assert.Empty(service.Host.Journal.WebhookDeliveries);
    }

    [Fact]
    public async Task Webhook_rejected_submission_receives_nothing()
    {
        await using WebhookReceiver sink = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);

        Assert.Equal("error", (await SubmitAsync(service, sink.Uri, ("samples", 99))).Status);
        ServiceResponse good = await SubmitAsync(service, sink.Uri);

        Assert.Equal(good.Id, (long?)(await sink.NextAsync())["id"]);
        Assert.False(sink.HasMore);
    }

    [Fact]
    public async Task Webhook_lost_response_delivers_track_id()
    {
        await using WebhookReceiver sink = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);
        service.Host.Faults.Add(Fault.ById("accepted-then-500"), FaultOn.Submit.Nth(1));

        await SubmitAsync(service, sink.Uri, ("track_id", 42));

        Assert.Equal(42, (int?)(await sink.NextAsync())["track_id"]);
    }

    [Fact]
    public async Task Reset_discards_scheduled_deliveries()
    {
        await using WebhookReceiver sink = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync();
        await SubmitAsync(service, sink.Uri, ("track_id", 1));

        service.Host.Reset();
        await SubmitAsync(service, sink.Uri, ("track_id", 2));
        service.Host.Clock.Advance(Hour);

        Assert.Equal(2, (int?)(await sink.NextAsync())["track_id"]);
        await WaitForDeliveriesAsync(service);
        Assert.False(sink.HasMore);
    }

    [Fact]
    public async Task Webhook_many_deliveries_due_all_are_sent()
    {
        const int Many = 100;
        await using WebhookReceiver sink = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync(Hour, queueLimit: Many);
        for (int i = 0; i < Many; i++) await SubmitAsync(service, sink.Uri, ("track_id", i));

        service.Host.Clock.Advance(Hour);

        var seen = new HashSet<int>();
        for (int i = 0; i < Many; i++) seen.Add((int)(await sink.NextAsync())["track_id"]!);
        Assert.Equal(Many, seen.Count);
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
    public async Task Webhook_fault_sends_expected_deliveries_and_journals_them(string id, int calls)
    {
        await using WebhookReceiver sink = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync();
        service.Host.Faults.Add(Fault.ById(id), FaultOn.Webhook.WithPrompt("odd"));
        await SubmitAsync(service, sink.Uri, ("prompt", "odd"));

        service.Host.Clock.Advance(2 * Hour);
        for (int i = 0; i < calls; i++) await sink.NextTextAsync();

        IReadOnlyList<WebhookDelivery> noted = await WaitForDeliveriesAsync(service, calls);
        Assert.All(noted, call => Assert.Equal(id, call.Fault));
        Assert.False(sink.HasMore);
    }

    [Fact]
    public async Task Fault_twice_sends_the_same_body_again()
    {
        (WebhookReceiver sink, TestService service, _) = await SubmitWithFaultAsync("Q34-twice");
        await using (sink)
        await using (service)
        {
            service.Host.Clock.Advance(Hour);
            string first = await sink.NextTextAsync();
            Assert.False(sink.HasMore);
            service.Host.Clock.Advance(Hour);

            Assert.Equal(first, await sink.NextTextAsync());
        }
    }

    [Fact]
    public async Task Fault_late_delivers_after_the_end()
    {
        (WebhookReceiver sink, TestService service, ServiceResponse submitted) = await SubmitWithFaultAsync("Q34-late");
        await using (sink)
        await using (service)
        {
            service.Host.Clock.Advance(Hour);
            Assert.Equal("success", (await service.FetchAsync(submitted)).Status);
            Assert.False(sink.HasMore);
            service.Host.Clock.Advance(Hour);

            Assert.Equal(submitted.Id, (long?)(await sink.NextAsync())["id"]);
        }
    }

    [Fact]
    public async Task Fault_early_delivers_before_a_fetch_reports_the_end()
    {
        (WebhookReceiver sink, TestService service, ServiceResponse submitted) = await SubmitWithFaultAsync("Q34-early");
        await using (sink)
        await using (service)
        {
            Assert.Equal("success", (string?)(await sink.NextAsync())["status"]);
            Assert.Equal("processing", (await service.FetchAsync(submitted)).Status);
        }
    }

    [Fact]
    public async Task Fault_out_of_order_delivers_after_the_next()
    {
        (WebhookReceiver sink, TestService service, ServiceResponse odd) = await SubmitWithFaultAsync("Q34-out-of-order");
        await using (sink)
        await using (service)
        {
            ServiceResponse next = await SubmitAsync(service, sink.Uri, ("prompt", "even"));
            service.Host.Clock.Advance(Hour + TimeSpan.FromMinutes(1));

            Assert.Equal(next.Id, (long?)(await sink.NextAsync())["id"]);
            Assert.Equal(odd.Id, (long?)(await sink.NextAsync())["id"]);
        }
    }

    [Fact]
    public async Task Fault_unknown_id_delivers_both_ids()
    {
        (WebhookReceiver sink, TestService service, ServiceResponse submitted) = await SubmitWithFaultAsync("Q34-unknown-id");
        await using (sink)
        await using (service)
        {
            service.Host.Clock.Advance(Hour);
            long[] ids = [(long)(await sink.NextAsync())["id"]!, (long)(await sink.NextAsync())["id"]!];

            Assert.Contains(submitted.Id, ids);
            long strange = Assert.Single(ids, id => id != submitted.Id);
            Assert.Equal("error", (await service.PostAsync($"/api/v6/image_editing/fetch/{strange}")).Status);
        }
    }

    [Fact]
    public async Task Fault_forged_delivers_failure_of_a_running_generation()
    {
        (WebhookReceiver sink, TestService service, ServiceResponse submitted) = await SubmitWithFaultAsync("Q34-forged");
        await using (sink)
        await using (service)
        {
            JsonObject forged = await sink.NextAsync();
            service.Host.Clock.Advance(Hour);

            Assert.Equal(("failed", submitted.Id), ((string?)forged["status"], (long?)forged["id"]));
            Assert.Equal("success", (string?)(await sink.NextAsync())["status"]);
            Assert.Equal("success", (await service.FetchAsync(submitted)).Status);
        }
    }

    [Fact]
    public async Task Fault_no_json_delivers_html()
    {
        (WebhookReceiver sink, TestService service, _) = await SubmitWithFaultAsync("Q34-no-json");
        await using (sink)
        await using (service)
        {
            service.Host.Clock.Advance(Hour);

            Assert.StartsWith("<!DOCTYPE html>", await sink.NextTextAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Rule_text_webhook_kind_round_trips() =>
        Assert.Equal("Q34-never@webhook:rate=0.5", FaultRule.Parse("Q34-never@webhook:rate=0.5").ToString());

    [Fact]
    public async Task Admin_webhooks_returns_deliveries()
    {
        await using WebhookReceiver sink = await WebhookReceiver.StartAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);
        await SubmitAsync(service, sink.Uri);
        await WaitForDeliveriesAsync(service);

        using HttpResponseMessage shown = await service.GetAsync("/admin/webhooks");

        Assert.Equal(204, (int?)JsonNode.Parse(await shown.Content.ReadAsStringAsync())![0]!["status"]);
    }

    /// <summary>One generation of an hour whose call goes wrong, with a waiting time of half an hour.</summary>
    private static async Task<(WebhookReceiver Sink, TestService Service, ServiceResponse Submitted)> SubmitWithFaultAsync(string fault)
    {
        WebhookReceiver sink = await WebhookReceiver.StartAsync();
        TestService service = await StartAsync();
        service.Host.Faults.Add(new FaultRule(Fault.ById(fault), FaultOn.Webhook.WithPrompt("odd")) { Wait = Hour / 2 });
        return (sink, service, await SubmitAsync(service, sink.Uri, ("prompt", "odd")));
    }

    private static Task<TestService> StartAsync(TimeSpan? serviceTime = null, int queueLimit = 5) => TestService.StartAsync(new EmulatorOptions
    {
        QueueLimit = queueLimit,
        ServiceTime = ServiceTime.Fixed(serviceTime ?? Hour),
    });

    private static Task<ServiceResponse> SubmitAsync(TestService service, Uri webhook, params (string Name, JsonNode? Value)[] fields) =>
        service.SubmitAsync([("webhook", webhook.AbsoluteUri), .. fields]);

    private static async Task<WebhookDelivery> WaitForDeliveriesAsync(TestService service) => Assert.Single(await WaitForDeliveriesAsync(service, 1));

    /// <summary>The calls in the journal, which notes each when its answer has come.</summary>
    private static async Task<IReadOnlyList<WebhookDelivery>> WaitForDeliveriesAsync(TestService service, int count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (service.Host.Journal.WebhookDeliveries.Count < count) await Task.Delay(10, patience.Token);
        return service.Host.Journal.WebhookDeliveries;
    }
}
