using System.Globalization;
using System.Net;
using System.Text.Json;
using FaceGen.Core.Tests.Support;
using FaceGen.Webhooks;

namespace FaceGen.Core.Tests.Webhooks;

public sealed class DeliveryTrackerTests : IDisposable
{
    private readonly FakeService _service = new(queueLimit: 1);
    private readonly Webhook _webhook;

    public DeliveryTrackerTests()
    {
        _webhook = new Webhook(IPAddress.Loopback, 0, new Uri("https://hooks.example"), Deliveries.Receive, _service.Clock);
        Deliveries.Add(_webhook);
    }

    private DeliveryTracker Deliveries => _service.Account.Deliveries;

    public void Dispose()
    {
        Deliveries.Close(_webhook);
        _service.Dispose();
    }

    [Fact]
    public async Task Request_without_webhook_gets_webhook_and_track_id()
    {
        _service.OnSubmit(ScriptedResponse.Success("9"));

        Generation generation = await _service.GenerateAsync().WithTimeoutAsync();

        Assert.Contains(_webhook.Uri.AbsoluteUri, _service.Submissions[0].Body, StringComparison.Ordinal);
        Assert.Contains($"\"track_id\":{generation.TrackId}", _service.Submissions[0].Body, StringComparison.Ordinal);
        Assert.InRange(int.Parse(generation.TrackId!, CultureInfo.InvariantCulture), 1, int.MaxValue);
        // The user's request is unchanged.
        Assert.Equal((null, null), (generation.Request!.Webhook, generation.Request.TrackId));
    }

    [Fact]
    public async Task Request_with_webhook_and_track_id_keeps_them()
    {
        _service.OnSubmit(ScriptedResponse.Success("9"));

        Generation generation = await _service.GenerateAsync(
            request: FakeService.Request() with { Webhook = new Uri("https://mine.example/call"), TrackId = "5" }).WithTimeoutAsync();

        Assert.Contains("https://mine.example/call", _service.Submissions[0].Body, StringComparison.Ordinal);
        Assert.Equal("5", generation.TrackId);
    }

    [Fact]
    public async Task Request_with_webhook_of_user_gets_no_track_id()
    {
        _service.OnSubmit(ScriptedResponse.Success("9"));

        Generation generation = await _service.GenerateAsync(request: FakeService.Request() with { Webhook = new Uri("https://mine.example/call") }).WithTimeoutAsync();

        Assert.DoesNotContain("track_id", _service.Submissions[0].Body, StringComparison.Ordinal);
        Assert.Null(generation.TrackId);
    }

    [Fact]
    public async Task Delivery_causes_the_only_poll()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9", eta: 3)).OnFetch(ScriptedResponse.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(4)).WithTimeoutAsync();
        Assert.Empty(_service.Fetches);

        Deliveries.Receive("9", null);

        Assert.Equal(GenerationStatus.Success, (await generating.WithTimeoutAsync()).StatusValue);
        Deliveries.Receive("9", null);
        Assert.Single(_service.Fetches);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact] // Q34
    public async Task Delivery_before_submission_response_counts()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(response.Task)).OnFetch(ScriptedResponse.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();

        Deliveries.Receive("9", null);
        response.SetResult(ScriptedResponse.Processing("9"));

        Assert.Equal(GenerationStatus.Success, (await generating.WithTimeoutAsync()).StatusValue);
    }

    [Fact]
    public async Task Delivery_forged_is_not_trusted()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9"), ScriptedResponse.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();

        Deliveries.Receive("9", null);
        await _service.WaitForCallAsync();
        Assert.False(generating.IsCompleted);

        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(generating)).StatusValue);
    }

    [Fact] // Q34
    public async Task Delivery_missing_generation_is_polled()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(GenerationStatus.Success, generation.StatusValue);
    }

    [Fact]
    public async Task Delivery_missing_repeatedly_is_no_longer_expected()
    {
        _service.OnSubmit(ScriptedResponse.Processing()).OnFetch(ScriptedResponse.Success());
        Assert.True(Deliveries.IsReliable);

        for (int i = 0; i < DeliveryTracker.MaxMissed; i++) await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.False(Deliveries.IsReliable);
        Deliveries.Receive("another", null);
        Assert.True(Deliveries.IsReliable);
    }

    [Fact] // Q34
    public async Task Receiver_generation_without_waiter_is_received_once()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        var receiver = new DeliveryReceiver(_service.Connection, _service);
        Task<Generation?> next = receiver.ReceiveAsync(waitsForUnknown: false, default);
        Assert.False(next.IsCompleted);

        Deliveries.Receive("9", null);
        Deliveries.Receive("9", null);

        Assert.Equal("9", (await next.WithTimeoutAsync())?.Id);
        Assert.Null(await receiver.ReceiveAsync(waitsForUnknown: false, default).WithTimeoutAsync());
    }

    [Fact]
    public async Task Receiver_generation_with_waiter_is_not_received()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();
        var receiver = new DeliveryReceiver(_service.Connection, _service);

        Deliveries.Receive("9", null);
        await generating.WithTimeoutAsync();
        Deliveries.Receive("9", null);

        Assert.Null(await receiver.ReceiveAsync(waitsForUnknown: false, default).WithTimeoutAsync());
    }

    [Fact]
    public async Task Receiver_generation_of_another_process_is_received_when_confirmed()
    {
        _service.OnFetch(ScriptedResponse.Success("77"));
        var receiver = new DeliveryReceiver(_service.Connection, _service);
        Task<Generation?> next = receiver.ReceiveAsync(waitsForUnknown: true, default);

        Deliveries.Receive("77", null);

        Assert.Equal(("77", GenerationStatus.Success), (await next.WithTimeoutAsync()) is { } generation ? (generation.Id, generation.StatusValue) : default);
    }

    [Fact] // Q34
    public async Task Receiver_unknown_id_is_dropped()
    {
        _service.OnFetch(ScriptedResponse.Error("The request id does not exist."));
        var receiver = new DeliveryReceiver(_service.Connection, _service);
        Task<Generation?> next = receiver.ReceiveAsync(waitsForUnknown: false, default);

        Deliveries.Receive("unknown", null);

        Assert.Null(await next.WithTimeoutAsync());
        Assert.Null(await receiver.ReceiveAsync(waitsForUnknown: false, default).WithTimeoutAsync());
    }

    [Fact]
    public async Task Receiver_generation_in_submission_response_is_not_received_again()
    {
        _service.OnSubmit(ScriptedResponse.Success("9")).OnFetch(ScriptedResponse.Success("9"));
        Generation generation = await _service.GenerateAsync().WithTimeoutAsync();
        _service.Account.MarkAcknowledged(generation.Id);
        var receiver = new DeliveryReceiver(_service.Connection, _service);

        Deliveries.Receive("9", null);

        Assert.Null(await receiver.ReceiveAsync(waitsForUnknown: false, default).WithTimeoutAsync());
    }

    [Fact]
    public async Task Receiver_unconfirmed_delivery_is_received_later()
    {
        _service.OnFetch(ScriptedResponse.Html(), ScriptedResponse.Success("77"));
        var receiver = new DeliveryReceiver(_service.Connection, _service);

        Deliveries.Receive("77", null);

        Assert.Equal("77", (await _service.Clock.RunAsync(receiver.ReceiveAsync(waitsForUnknown: true, default)))?.Id);
    }

    [Fact]
    public async Task Receiver_canceled_leaves_deliveries_to_next_receiver()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnFetch(ScriptedResponse.After(response.Task), ScriptedResponse.Success("78"), ScriptedResponse.Success("77"));
        using var cancellation = new CancellationTokenSource();
        var receiver = new DeliveryReceiver(_service.Connection, _service);
        Deliveries.Receive("77", null);
        Deliveries.Receive("78", null);
        Task<Generation?> stopped = receiver.ReceiveAsync(waitsForUnknown: true, cancellation.Token);
        await _service.WaitForCallAsync();

        await cancellation.CancelAsync();
        response.SetResult(ScriptedResponse.Success("77"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped.WithTimeoutAsync());

        Generation?[] received = [await receiver.ReceiveAsync(waitsForUnknown: true, default).WithTimeoutAsync(), await receiver.ReceiveAsync(waitsForUnknown: true, default).WithTimeoutAsync()];
        Assert.Equal(["77", "78"], received.Select(generation => generation?.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Webhook_removed_is_not_waited_for()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9", eta: 3)).OnFetch(ScriptedResponse.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(4)).WithTimeoutAsync();
        Assert.Empty(_service.Fetches);

        Deliveries.Close(_webhook);

        Assert.Equal(GenerationStatus.Success, (await generating.WithTimeoutAsync()).StatusValue);
    }

    [Theory]
    [InlineData("lost")]
    [InlineData("html")]
    [InlineData("no id")]
    public async Task Uncertain_submission_delivery_with_track_id_reconciles(string response)
    {
        _service.OnSubmit(CreateLostResponse(response)).OnFetch(ScriptedResponse.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();

        Deliveries.Receive("9", ReadTrackId(_service.Submissions[0]));

        Generation generation = await generating.WithTimeoutAsync();
        Assert.Equal(("9", GenerationStatus.Success), (generation.Id, generation.StatusValue));
        Assert.Single(_service.Submissions);
        Assert.Equal(0, _service.Account.Slots.InUse);
        Assert.Empty(_service.Account.UnacknowledgedOutcomes);
    }

    [Fact]
    public async Task Uncertain_submission_earlier_delivery_reconciles()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(response.Task)).OnFetch(ScriptedResponse.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();

        Deliveries.Receive("9", ReadTrackId(_service.Submissions[0]));
        response.SetResult(ScriptedResponse.Html());

        Assert.Equal("9", (await generating.WithTimeoutAsync()).Id);
    }

    [Fact]
    public async Task Uncertain_submission_without_delivery_stays_uncertain()
    {
        _service.OnSubmit(ScriptedResponse.ConnectionLost);

        FaceGenException error = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync()));

        Assert.Equal(ErrorCode.SubmissionUncertain, error.Code);
        Assert.Single(_service.Submissions);
        Assert.Contains(_service.VerboseMessages, line => line.Contains("waits up to 10 s for its webhook delivery", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Uncertain_submission_unconfirmed_delivery_stays_uncertain()
    {
        _service.OnSubmit(ScriptedResponse.ConnectionLost).OnFetch(ScriptedResponse.Error("The request id does not exist."));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();

        Deliveries.Receive("9", ReadTrackId(_service.Submissions[0]));

        FaceGenException error = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(generating));
        Assert.Equal(ErrorCode.SubmissionUncertain, error.Code);
        Assert.DoesNotContain("9", _service.Pending);
    }

    [Fact]
    public async Task Uncertain_submission_delivery_for_known_generation_stays_uncertain()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9", eta: 30)).OnFetch(ScriptedResponse.Processing("9"));
        await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        _service.Account.Slots.Limit = 2;
        _service.OnSubmit(ScriptedResponse.ConnectionLost);
        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();

        Deliveries.Receive("9", ReadTrackId(_service.Submissions[1]));

        Assert.Equal(ErrorCode.SubmissionUncertain, (await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(generating))).Code);
    }

    [Fact]
    public async Task Uncertain_submission_user_track_id_stays_uncertain()
    {
        _service.OnSubmit(ScriptedResponse.ConnectionLost);

        Task<Generation> generating = _service.GenerateAsync(request: FakeService.Request() with { TrackId = "5" });

        Assert.Equal(ErrorCode.SubmissionUncertain, (await TaskAssertions.GetErrorAsync(generating.WithTimeoutAsync())).Code);
    }

    private static ScriptedResponse CreateLostResponse(string how) => how switch
    {
        "lost" => ScriptedResponse.ConnectionLost,
        "html" => ScriptedResponse.Html(),
        _ => ScriptedResponse.Json("""{"status":"processing","message":"Request processing"}"""),
    };

    private static string ReadTrackId(Call submission)
    {
        using JsonDocument body = JsonDocument.Parse(submission.Body);
        return body.RootElement.GetProperty("track_id").GetRawText();
    }
}
