using System.Net;
using FaceGen.Core.Tests.Support;
using FaceGen.Webhooks;

namespace FaceGen.Core.Tests.Webhooks;

/// <summary>Tests webhook deliveries with unknown ids: anyone who knows the address can send any number of them.</summary>
public sealed class UnknownDeliveryTests : IDisposable
{
    private const int Many = 100_000;

    private readonly FakeService _service = new();
    private readonly Webhook _webhook;

    public UnknownDeliveryTests()
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
    public async Task Receiver_flood_of_forged_ids_is_fetched_at_a_limited_rate()
    {
        _service.OnFetch(ScriptedResponse.Error("The request id does not exist."));
        for (int i = 0; i < Many; i++) Deliveries.Receive($"forged-{i}", null);
        DateTimeOffset start = _service.Clock.GetUtcNow();

        await ReceiveForAsync(TimeSpan.FromMinutes(5));

        double minutes = (_service.Clock.GetUtcNow() - start).TotalMinutes;
        Assert.InRange(_service.Fetches.Count, 2 * UnknownDeliveries.MaxFetchesPerMinute, (minutes + 1) * UnknownDeliveries.MaxFetchesPerMinute);
        Assert.All(_service.Fetches.GroupBy(fetch => (int)(fetch.At - start).TotalMinutes), minute => Assert.InRange(minute.Count(), 1, UnknownDeliveries.MaxFetchesPerMinute));
        Assert.Empty(_service.Pending);
        Assert.Single(_service.WarningMessages, line => line.Contains("webhook deliveries within a minute", StringComparison.Ordinal));
    }

    [Fact]
    public void UnknownDeliveries_flood_of_ids_keeps_a_limited_number()
    {
        var unknown = new UnknownDeliveries();

        for (int i = 0; i < Many; i++) unknown.Add($"forged-{i}");

        Assert.Equal(UnknownDeliveries.MaxIds, unknown.Count);
        Assert.Equal($"forged-{Many - 1}", unknown.Next);
    }

    [Fact]
    public void UnknownDeliveries_ids_that_come_and_go_keep_nothing()
    {
        var unknown = new UnknownDeliveries();

        for (int i = 0; i < Many; i++)
        {
            unknown.Add($"{i}");
            Assert.True(unknown.Remove($"{i}"));
        }

        Assert.Equal((0, null), (unknown.Count, unknown.Next));
    }

    [Fact]
    public void UnknownDeliveries_id_without_result_is_fetched_last()
    {
        var unknown = new UnknownDeliveries();
        unknown.Add("1");
        unknown.Add("2");

        unknown.Requeue("3");

        Assert.Equal("2", unknown.Next);
        unknown.Remove("2");
        unknown.Remove("1");
        Assert.Equal("3", unknown.Next);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receiver_own_generation_amid_a_flood_is_received_at_once(bool isBefore)
    {
        _service.OnSubmit(ScriptedResponse.Processing("9", eta: 3000)).OnFetch(ScriptedResponse.Error("The request id does not exist.")).OnFetchOf("9", ScriptedResponse.Success("9"));
        await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        for (int i = 0; i < Many; i++) Deliveries.Receive($"forged-{i}", null);
        if (isBefore) Deliveries.Receive("9", null);

        Task<Generation?> next = new DeliveryReceiver(_service.Connection, _service).ReceiveAsync(waitsForUnknown: true, default);
        if (!isBefore) Deliveries.Receive("9", null);

        // The clock is stopped.
        Assert.Equal("9", (await next.WithTimeoutAsync())?.Id);
    }

    [Fact]
    public async Task Receiver_own_generation_is_received_while_a_fetch_of_an_unknown_id_has_no_response()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.Processing("9", eta: 3000)).OnFetch(ScriptedResponse.After(response.Task), ScriptedResponse.Success("9"));
        await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        await _service.WaitForCallAsync();
        Deliveries.Receive("forged", null);
        Task<Generation?> next = new DeliveryReceiver(_service.Connection, _service).ReceiveAsync(waitsForUnknown: true, default);
        await _service.WaitForCallAsync();

        Deliveries.Receive("9", null);

        Assert.Equal("9", (await next.WithTimeoutAsync())?.Id);
        response.SetResult(ScriptedResponse.Error("The request id does not exist."));
    }

    [Fact]
    public async Task Receiver_generation_of_another_process_is_received_first_after_a_flood()
    {
        _service.OnFetch(ScriptedResponse.Success("77"));
        for (int i = 0; i < Many; i++) Deliveries.Receive($"forged-{i}", null);
        Deliveries.Receive("77", null);

        Generation? generation = await new DeliveryReceiver(_service.Connection, _service).ReceiveAsync(waitsForUnknown: true, default).WithTimeoutAsync();

        Assert.Equal("77", generation?.Id);
        Assert.Single(_service.Fetches);
    }

    [Fact]
    public async Task Receiver_generations_of_other_processes_are_received_at_any_rate()
    {
        const int count = 3 * UnknownDeliveries.MaxFetchesPerMinute;
        ScriptedResponse[] responses = [.. Enumerable.Range(0, count).Select(i => ScriptedResponse.Success($"{count - 1 - i}"))];
        _service.OnFetch(responses);
        for (int i = 0; i < count; i++) Deliveries.Receive($"{i}", null);
        var receiver = new DeliveryReceiver(_service.Connection, _service);
        var received = new HashSet<string>();

        // The clock is stopped.
        for (int i = 0; i < count; i++) received.Add((await receiver.ReceiveAsync(waitsForUnknown: true, default).WithTimeoutAsync())!.Id);

        Assert.Equal((count, count), (received.Count, _service.Fetches.Count));
        Assert.Empty(_service.WarningMessages);
    }

    [Fact]
    public async Task Receiver_without_a_count_does_not_wait_for_a_flood_to_be_fetched()
    {
        _service.OnFetch(ScriptedResponse.Error("The request id does not exist."));
        for (int i = 0; i < Many; i++) Deliveries.Receive($"forged-{i}", null);

        // The clock is stopped.
        Assert.Null(await new DeliveryReceiver(_service.Connection, _service).ReceiveAsync(waitsForUnknown: false, default).WithTimeoutAsync());
        Assert.Equal(UnknownDeliveries.MaxFetchesPerMinute, _service.Fetches.Count);
    }

    [Theory]
    [InlineData("busy")]
    [InlineData("processing")]
    public async Task Receiver_fetch_without_result_backs_off_and_keeps_no_generation(string how)
    {
        _service.OnFetch(how == "busy" ? ScriptedResponse.Error("busy", 503) : ScriptedResponse.Processing("77"));
        Deliveries.Receive("77", null);

        await ReceiveForAsync(TimeSpan.FromMinutes(10));

        Assert.InRange(_service.Fetches.Count, 5, 40);
        Assert.Empty(_service.Pending);
    }

    [Fact]
    public async Task Poller_repeated_deliveries_for_pending_generation_back_off()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9", eta: 3000)).OnFetch(ScriptedResponse.Processing("9", eta: 3000));
        await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        DateTimeOffset end = _service.Clock.GetUtcNow().AddMinutes(10);

        while (_service.Clock.GetUtcNow() < end)
        {
            Deliveries.Receive("9", null);
            await _service.Clock.AdvanceAsync(TimeSpan.FromMilliseconds(500));
        }

        // One poll per delivery would be 1,200 polls; without deliveries there is about one per minute. A busy computer polls later.
        Assert.InRange(_service.Fetches.Count, 0, 60);
        while (_service.Fetches.Count < 5)
        {
            Deliveries.Receive("9", null);
            await _service.Clock.AdvanceAsync(TimeSpan.FromMilliseconds(500));
        }
    }

    [Fact]
    public async Task Receiver_rejected_key_is_reported_and_keeps_delivery()
    {
        _service.OnFetch(ScriptedResponse.Error("Invalid key", 401));
        Deliveries.Receive("77", null);
        var receiver = new DeliveryReceiver(_service.Connection, _service);

        Assert.Equal(ErrorCode.KeyRejected, (await TaskAssertions.GetErrorAsync(receiver.ReceiveAsync(waitsForUnknown: true, default).WithTimeoutAsync())).Code);
        _service.OnFetch(ScriptedResponse.Success("77"));

        Assert.Equal("77", (await receiver.ReceiveAsync(waitsForUnknown: true, default).WithTimeoutAsync())?.Id);
    }

    private async Task ReceiveForAsync(TimeSpan time)
    {
        using var cancellation = new CancellationTokenSource(time, _service.Clock);
        Task<Generation?> next = new DeliveryReceiver(_service.Connection, _service).ReceiveAsync(waitsForUnknown: true, cancellation.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _service.Clock.RunAsync(next));
    }
}
