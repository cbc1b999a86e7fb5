using System.Net;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Webhooks;

namespace FaceGen.Core.Tests.Webhooks;

/// <summary>Webhook deliveries with ids that this process did not submit: anybody who knows the address can send any number.</summary>
public sealed class UnknownDeliveryTests : IDisposable
{
    private const int Many = 100_000;

    private readonly FakeService _service = new();
    private readonly Webhook _webhook;

    public UnknownDeliveryTests()
    {
        _webhook = new Webhook(IPAddress.Loopback, 0, new Uri("https://hooks.example"), Callbacks.Take, _service.Clock);
        Callbacks.Open(_webhook);
    }

    private Callbacks Callbacks => _service.Account.Callbacks;

    public void Dispose()
    {
        Callbacks.Close(_webhook);
        _service.Dispose();
    }

    [Fact]
    public async Task Receiver_flood_of_forged_ids_is_polled_at_a_limited_rate()
    {
        _service.OnFetch(Answer.Error("The request id does not exist."));
        for (int i = 0; i < Many; i++) Callbacks.Take($"forged-{i}", null);
        DateTimeOffset start = _service.Clock.GetUtcNow();

        await ReceiveForAsync(TimeSpan.FromMinutes(5));

        double minutes = (_service.Clock.GetUtcNow() - start).TotalMinutes;
        Assert.InRange(_service.Fetches.Count, 2 * UnknownDeliveries.PollsPerMinute, (minutes + 1) * UnknownDeliveries.PollsPerMinute);
        Assert.All(_service.Fetches.GroupBy(fetch => (int)(fetch.At - start).TotalMinutes), minute => Assert.InRange(minute.Count(), 1, UnknownDeliveries.PollsPerMinute));
        Assert.Empty(_service.Kept);
        Assert.Single(_service.Warned, line => line.Contains("webhook deliveries within a minute", StringComparison.Ordinal));
    }

    [Fact]
    public void UnknownDeliveries_flood_of_ids_keeps_a_limited_number()
    {
        var unknown = new UnknownDeliveries();

        for (int i = 0; i < Many; i++) unknown.Add($"forged-{i}");

        Assert.Equal(UnknownDeliveries.Capacity, unknown.Count);
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
    public void UnknownDeliveries_id_whose_poll_told_nothing_is_polled_last()
    {
        var unknown = new UnknownDeliveries();
        unknown.Add("1");
        unknown.Add("2");

        unknown.PutBack("3");

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
        _service.OnSubmit(Answer.Processing("9", eta: 3000)).OnFetch(Answer.Error("The request id does not exist.")).OnFetchOf("9", Answer.Success("9"));
        await _service.GenerateAsync(wait: false).GuardAsync();
        for (int i = 0; i < Many; i++) Callbacks.Take($"forged-{i}", null);
        if (isBefore) Callbacks.Take("9", null);

        Task<Generation?> next = new Receiver(_service.Connection, _service).NextAsync(isMoreExpected: true, default);
        if (!isBefore) Callbacks.Take("9", null);

        // The clock stands still.
        Assert.Equal("9", (await next.GuardAsync())?.Id);
    }

    [Fact]
    public async Task Receiver_own_generation_is_received_while_a_poll_of_an_unknown_id_has_no_answer()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Processing("9", eta: 3000)).OnFetch(Answer.Held(answer.Task), Answer.Success("9"));
        await _service.GenerateAsync(wait: false).GuardAsync();
        await _service.ArrivalAsync();
        Callbacks.Take("forged", null);
        Task<Generation?> next = new Receiver(_service.Connection, _service).NextAsync(isMoreExpected: true, default);
        await _service.ArrivalAsync();

        Callbacks.Take("9", null);

        Assert.Equal("9", (await next.GuardAsync())?.Id);
        answer.SetResult(Answer.Error("The request id does not exist."));
    }

    [Fact]
    public async Task Receiver_generation_of_another_process_is_received_first_after_a_flood()
    {
        _service.OnFetch(Answer.Success("77"));
        for (int i = 0; i < Many; i++) Callbacks.Take($"forged-{i}", null);
        Callbacks.Take("77", null);

        Generation? generation = await new Receiver(_service.Connection, _service).NextAsync(isMoreExpected: true, default).GuardAsync();

        Assert.Equal("77", generation?.Id);
        Assert.Single(_service.Fetches);
    }

    [Fact]
    public async Task Receiver_generations_of_other_processes_are_received_at_any_rate()
    {
        const int count = 3 * UnknownDeliveries.PollsPerMinute;
        Answer[] answers = [.. Enumerable.Range(0, count).Select(i => Answer.Success($"{count - 1 - i}"))];
        _service.OnFetch(answers);
        for (int i = 0; i < count; i++) Callbacks.Take($"{i}", null);
        var receiver = new Receiver(_service.Connection, _service);
        var received = new HashSet<string>();

        // The clock stands still.
        for (int i = 0; i < count; i++) received.Add((await receiver.NextAsync(isMoreExpected: true, default).GuardAsync())!.Id);

        Assert.Equal((count, count), (received.Count, _service.Fetches.Count));
        Assert.Empty(_service.Warned);
    }

    [Fact]
    public async Task Receiver_without_a_count_does_not_wait_for_a_flood_to_be_polled()
    {
        _service.OnFetch(Answer.Error("The request id does not exist."));
        for (int i = 0; i < Many; i++) Callbacks.Take($"forged-{i}", null);

        // The clock stands still.
        Assert.Null(await new Receiver(_service.Connection, _service).NextAsync(isMoreExpected: false, default).GuardAsync());
        Assert.Equal(UnknownDeliveries.PollsPerMinute, _service.Fetches.Count);
    }

    [Theory]
    [InlineData("busy")]
    [InlineData("processing")]
    public async Task Receiver_poll_that_tells_nothing_is_repeated_ever_more_rarely_and_keeps_no_generation(string how)
    {
        _service.OnFetch(how == "busy" ? Answer.Error("busy", 503) : Answer.Processing("77"));
        Callbacks.Take("77", null);

        await ReceiveForAsync(TimeSpan.FromMinutes(10));

        Assert.InRange(_service.Fetches.Count, 5, 40);
        Assert.Empty(_service.Kept);
    }

    [Fact]
    public async Task Watch_repeated_deliveries_for_a_pending_generation_are_polled_ever_more_rarely()
    {
        _service.OnSubmit(Answer.Processing("9", eta: 3000)).OnFetch(Answer.Processing("9", eta: 3000));
        await _service.GenerateAsync(wait: false).GuardAsync();
        DateTimeOffset end = _service.Clock.GetUtcNow().AddMinutes(10);

        while (_service.Clock.GetUtcNow() < end)
        {
            Callbacks.Take("9", null);
            await _service.Clock.PassAsync(TimeSpan.FromMilliseconds(500));
        }

        // A poll for each delivery would be 1,200; without any delivery it is about one a minute. On a busy machine polls come later.
        Assert.InRange(_service.Fetches.Count, 0, 60);
        while (_service.Fetches.Count < 5)
        {
            Callbacks.Take("9", null);
            await _service.Clock.PassAsync(TimeSpan.FromMilliseconds(500));
        }
    }

    [Fact]
    public async Task Receiver_key_that_is_refused_is_told_and_loses_no_delivery()
    {
        _service.OnFetch(Answer.Error("Invalid key", 401));
        Callbacks.Take("77", null);
        var receiver = new Receiver(_service.Connection, _service);

        Assert.Equal(ErrorCode.KeyRejected, (await Signals.FailureAsync(receiver.NextAsync(isMoreExpected: true, default).GuardAsync())).Code);
        _service.OnFetch(Answer.Success("77"));

        Assert.Equal("77", (await receiver.NextAsync(isMoreExpected: true, default).GuardAsync())?.Id);
    }

    private async Task ReceiveForAsync(TimeSpan time)
    {
        using var stop = new CancellationTokenSource(time, _service.Clock);
        Task<Generation?> next = new Receiver(_service.Connection, _service).NextAsync(isMoreExpected: true, stop.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _service.Clock.RunAsync(next));
    }
}
