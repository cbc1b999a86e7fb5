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
    public async Task A_webhook_is_told_the_end_when_the_clock_comes_to_it()
    {
        await using WebhookSink sink = await WebhookSink.OpenAsync();
        await using TestService service = await StartAsync();
        Answer submitted = await SubmitAsync(service, sink.Uri, ("track_id", 42), ("seed", 7));

        service.Host.Clock.Advance(Hour / 2);
        service.Host.Clock.Advance(Hour / 2);
        JsonObject call = await sink.NextAsync();

        Assert.Equal("success", (string?)call["status"]);
        Assert.Equal(submitted.Id, (long?)call["id"]);
        Assert.Equal(42, (int?)call["track_id"]);
        Assert.Equal(7, (long?)call["meta"]!["seed"]);
        Assert.Equal(3600, (double?)call["generationTime"]);
        Assert.Equal((await service.FetchAsync(submitted)).Output, call["output"]!.AsArray().Select(static link => (string)link!));
        WebhookCall noted = await NotedAsync(service);
        Assert.Equal((submitted.Id, 204, null, null), (noted.GenerationId, noted.Status, noted.Error, noted.Fault));
        Assert.Equal(sink.Uri, noted.Uri);
        Assert.Equal(service.Host.Clock.GetUtcNow(), noted.Time, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_generation_that_is_ready_at_once_is_called_too()
    {
        await using WebhookSink sink = await WebhookSink.OpenAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);

        Answer submitted = await SubmitAsync(service, sink.Uri);

        Assert.Equal(submitted.Id, (long?)(await sink.NextAsync())["id"]);
    }

    [Fact]
    public async Task A_failed_generation_is_told_in_the_documented_words()
    {
        await using WebhookSink sink = await WebhookSink.OpenAsync();
        await using TestService service = await StartAsync();
        service.Host.Faults.Add(Fault.ById("Q12-failed"), At.Submit.Nth(1));
        Answer submitted = await SubmitAsync(service, sink.Uri, ("track_id", 42));

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
    public async Task A_webhook_that_nobody_answers_is_called_once_and_noted()
    {
        await using TestService service = await StartAsync(TimeSpan.Zero);

        await SubmitAsync(service, WebhookSink.Nobody());

        WebhookCall noted = await NotedAsync(service);
        Assert.Equal(0, noted.Status);
        Assert.NotNull(noted.Error);
    }

    [Fact]
    public async Task A_refusal_is_noted_and_not_called_again()
    {
        await using WebhookSink sink = await WebhookSink.OpenAsync(status: 500);
        await using TestService service = await StartAsync(TimeSpan.Zero);

        await SubmitAsync(service, sink.Uri);

        Assert.Equal(500, (await NotedAsync(service)).Status);
        await sink.NextAsync();
        Assert.False(sink.HasMore);
    }

    [Fact]
    public async Task Another_machine_is_not_called_and_that_is_told()
    {
        var told = new List<string>();
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { OnWarning = told.Add });

        await service.SubmitAsync(("webhook", "https://example.org/told"));

        Assert.Contains("no webhook outside this machine", Assert.Single(told), StringComparison.Ordinal);
        Assert.Empty(service.Host.Journal.WebhookCalls);
    }

    [Fact]
    public async Task A_refused_submission_is_not_called()
    {
        await using WebhookSink sink = await WebhookSink.OpenAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);

        Assert.Equal("error", (await SubmitAsync(service, sink.Uri, ("samples", 99))).Status);
        Answer good = await SubmitAsync(service, sink.Uri);

        Assert.Equal(good.Id, (long?)(await sink.NextAsync())["id"]);
        Assert.False(sink.HasMore);
    }

    [Fact]
    public async Task A_submission_whose_answer_is_lost_is_called_for_by_its_track_id()
    {
        await using WebhookSink sink = await WebhookSink.OpenAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);
        service.Host.Faults.Add(Fault.ById("accepted-then-500"), At.Submit.Nth(1));

        await SubmitAsync(service, sink.Uri, ("track_id", 42));

        Assert.Equal(42, (int?)(await sink.NextAsync())["track_id"]);
    }

    [Fact]
    public async Task A_reset_forgets_the_calls_that_are_due()
    {
        await using WebhookSink sink = await WebhookSink.OpenAsync();
        await using TestService service = await StartAsync();
        await SubmitAsync(service, sink.Uri, ("track_id", 1));

        service.Host.Reset();
        await SubmitAsync(service, sink.Uri, ("track_id", 2));
        service.Host.Clock.Advance(Hour);

        Assert.Equal(2, (int?)(await sink.NextAsync())["track_id"]);
        await NotedAsync(service);
        Assert.False(sink.HasMore);
    }

    [Fact]
    public async Task Many_calls_that_are_due_at_once_all_go_out()
    {
        const int Many = 100;
        await using WebhookSink sink = await WebhookSink.OpenAsync();
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
    public async Task Each_fault_makes_its_calls_and_notes_them(string id, int calls)
    {
        await using WebhookSink sink = await WebhookSink.OpenAsync();
        await using TestService service = await StartAsync();
        service.Host.Faults.Add(Fault.ById(id), At.Webhook.WithPrompt("odd"));
        await SubmitAsync(service, sink.Uri, ("prompt", "odd"));

        service.Host.Clock.Advance(2 * Hour);
        for (int i = 0; i < calls; i++) await sink.NextTextAsync();

        IReadOnlyList<WebhookCall> noted = await NotedAsync(service, calls);
        Assert.All(noted, call => Assert.Equal(id, call.Fault));
        Assert.False(sink.HasMore);
    }

    [Fact]
    public async Task Twice_is_the_same_call()
    {
        (WebhookSink sink, TestService service, _) = await SubmitOddlyAsync("Q34-twice");
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
    public async Task Late_is_later_than_the_end()
    {
        (WebhookSink sink, TestService service, Answer submitted) = await SubmitOddlyAsync("Q34-late");
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
    public async Task Early_comes_before_a_look_tells_the_end()
    {
        (WebhookSink sink, TestService service, Answer submitted) = await SubmitOddlyAsync("Q34-early");
        await using (sink)
        await using (service)
        {
            Assert.Equal("success", (string?)(await sink.NextAsync())["status"]);
            Assert.Equal("processing", (await service.FetchAsync(submitted)).Status);
        }
    }

    [Fact]
    public async Task Out_of_order_lets_the_next_call_go_first()
    {
        (WebhookSink sink, TestService service, Answer odd) = await SubmitOddlyAsync("Q34-out-of-order");
        await using (sink)
        await using (service)
        {
            Answer next = await SubmitAsync(service, sink.Uri, ("prompt", "even"));
            service.Host.Clock.Advance(Hour + TimeSpan.FromMinutes(1));

            Assert.Equal(next.Id, (long?)(await sink.NextAsync())["id"]);
            Assert.Equal(odd.Id, (long?)(await sink.NextAsync())["id"]);
        }
    }

    [Fact]
    public async Task An_unknown_id_comes_beside_the_right_one()
    {
        (WebhookSink sink, TestService service, Answer submitted) = await SubmitOddlyAsync("Q34-unknown-id");
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
    public async Task A_forged_call_says_that_it_failed_and_it_has_not()
    {
        (WebhookSink sink, TestService service, Answer submitted) = await SubmitOddlyAsync("Q34-forged");
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
    public async Task No_json_is_a_page()
    {
        (WebhookSink sink, TestService service, _) = await SubmitOddlyAsync("Q34-no-json");
        await using (sink)
        await using (service)
        {
            service.Host.Clock.Advance(Hour);

            Assert.StartsWith("<!DOCTYPE html>", await sink.NextTextAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_text_of_a_rule_knows_the_kind() =>
        Assert.Equal("Q34-never@webhook:rate=0.5", FaultRule.Parse("Q34-never@webhook:rate=0.5").ToString());

    [Fact]
    public async Task The_admin_address_shows_the_calls()
    {
        await using WebhookSink sink = await WebhookSink.OpenAsync();
        await using TestService service = await StartAsync(TimeSpan.Zero);
        await SubmitAsync(service, sink.Uri);
        await NotedAsync(service);

        using HttpResponseMessage shown = await service.GetAsync("/admin/webhooks");

        Assert.Equal(204, (int?)JsonNode.Parse(await shown.Content.ReadAsStringAsync())![0]!["status"]);
    }

    /// <summary>One generation of an hour whose call goes wrong, with a waiting time of half an hour.</summary>
    private static async Task<(WebhookSink Sink, TestService Service, Answer Submitted)> SubmitOddlyAsync(string fault)
    {
        WebhookSink sink = await WebhookSink.OpenAsync();
        TestService service = await StartAsync();
        service.Host.Faults.Add(new FaultRule(Fault.ById(fault), At.Webhook.WithPrompt("odd")) { Wait = Hour / 2 });
        return (sink, service, await SubmitAsync(service, sink.Uri, ("prompt", "odd")));
    }

    private static Task<TestService> StartAsync(TimeSpan? serviceTime = null, int queueLimit = 5) => TestService.StartAsync(new EmulatorOptions
    {
        QueueLimit = queueLimit,
        ServiceTime = ServiceTime.Fixed(serviceTime ?? Hour),
    });

    private static Task<Answer> SubmitAsync(TestService service, Uri webhook, params (string Name, JsonNode? Value)[] fields) =>
        service.SubmitAsync([("webhook", webhook.AbsoluteUri), .. fields]);

    private static async Task<WebhookCall> NotedAsync(TestService service) => Assert.Single(await NotedAsync(service, 1));

    /// <summary>The calls in the journal, which notes each when its answer has come.</summary>
    private static async Task<IReadOnlyList<WebhookCall>> NotedAsync(TestService service, int count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (service.Host.Journal.WebhookCalls.Count < count) await Task.Delay(10, patience.Token);
        return service.Host.Journal.WebhookCalls;
    }
}
