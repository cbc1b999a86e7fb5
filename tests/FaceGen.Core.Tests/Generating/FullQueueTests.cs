using System.Collections.Concurrent;
using System.Globalization;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Generating;

/// <summary>Tests an account that is used elsewhere too, so that the service refuses requests that have a slot.</summary>
public sealed class FullQueueTests : IDisposable
{
    private const double ServiceSeconds = 3, RetryAfter = 30, Step = 0.1;

    private readonly TestClock _clock = new();
    private readonly DateTimeOffset _start;
    private readonly ConcurrentDictionary<string, DateTimeOffset> _ends = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ScriptedHandler _handler;
    private Connection? _connection;
    private double _serviceSeconds;
    private int _free;
    private int _sent;
    private int _accepted;

    public FullQueueTests()
    {
        _start = _clock.GetUtcNow();
        _handler = new ScriptedHandler(address => Late(ResponseTo(address)), _clock);
    }

    private Slots Slots => Account.For(_connection!).Slots;

    public void Dispose()
    {
        _stop.Dispose();
        _connection?.Dispose();
        _handler.Dispose();
    }

    /// <summary>
    /// Refused requests wait without a slot: free slots are filled at once, no other request is sent meanwhile, and no request
    /// is refused twice.
    /// </summary>
    [Theory]
    [InlineData(5, 2)]
    [InlineData(15, 5)]
    public async Task Queue_full_refused_requests_wait_and_slots_stay_filled(int slots, int free)
    {
        _free = free;
        Task<Generation[]> all = Generate(slots, requests: 8 * free);
        await PassAsync(to: RetryAfter - 1);

        Assert.Equal(slots - free, _sent - _accepted);
        Assert.InRange(_accepted, 6 * free, 8 * free);
        await PassAsync(until: all);
        Assert.Equal(8 * free, _accepted);
        Assert.InRange(_sent - _accepted, slots - free, slots - free + 2);
        Assert.Equal(0, Slots.InUse);
    }

    [Fact]
    public async Task Queue_full_without_acceptance_one_request_retries()
    {
        Task<Generation[]> all = Generate(5, requests: 40);
        await PassAsync(to: RetryAfter - 1);
        Assert.Equal(5, _sent);
        await PassAsync(to: RetryAfter + 5);
        Assert.Equal(6, _sent);

        _free = 5;
        await PassAsync(until: all);
        Assert.Equal((40, 46), (_accepted, _sent));
    }

    [Fact]
    public async Task Queue_full_until_timeout_charges_nothing()
    {
        _free = 1;
        Task<Generation[]> all = Generate(2, requests: 2, TimeSpan.FromSeconds(40), serviceSeconds: 60);
        await PassAsync(until: all);

        FaceGenException[] faults = [.. all.Exception!.InnerExceptions.Cast<FaceGenException>()];
        Assert.Equal([ErrorCode.ServiceBusy, ErrorCode.GenerationTimeout], faults.Select(fault => fault.Code).Order());
        Assert.StartsWith("The service accepted nothing within 40 s: HTTP 429",
            faults.Single(fault => fault.Code == ErrorCode.ServiceBusy).Message, StringComparison.Ordinal);
        Assert.Equal(1, Slots.InUse);
    }

    [Fact]
    public async Task Queue_full_canceled_request_acquires_no_slot()
    {
        _free = 2;
        Task<Generation[]> all = Generate(5, requests: 10);
        await PassAsync(to: 1);
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => all.WithTimeoutAsync());

        await PassAsync(to: 40);
        Assert.Equal((5, 2), (_sent, _accepted));
        Assert.Equal(0, Slots.InUse);
    }

    private Task<Generation[]> Generate(int slots, int requests, TimeSpan? timeout = null, double serviceSeconds = ServiceSeconds)
    {
        _connection = new Connection(ServiceAddress.Parse(new Uri($"https://{Guid.NewGuid():N}.example")), new ApiKey(FakeService.Key), slots,
            services: new EngineServices { Time = _clock, CreateHandler = () => _handler, NextDouble = () => 0.5 });
        var generator = new Generator(_connection);
        var options = new GenerateOptions { Timeout = timeout ?? System.Threading.Timeout.InfiniteTimeSpan };
        _serviceSeconds = serviceSeconds;
        return Task.WhenAll(Enumerable.Range(0, requests).Select(async _ =>
            await generator.GenerateAsync(FakeService.Request(), new FaceImageValue("https://faces.example/face.png"), await generator.AcquireSlotAsync(_stop.Token), options, _stop.Token)));
    }

    private async Task PassAsync(double? to = null, Task? until = null)
    {
        while (until is { IsCompleted: false } || (_clock.GetUtcNow() - _start).TotalSeconds < to)
        {
            // Work in progress reaches its next delay.
            await Task.Delay(3);
            await _clock.AdvanceAsync(TimeSpan.FromSeconds(Step));
        }
    }

    /// <summary>Delays responses, so that all requests are in flight at once.</summary>
    private ScriptedResponse Late(ScriptedResponse response) => new(async cancel =>
    {
        await Task.Delay(TimeSpan.FromSeconds(Step), _clock, cancel);
        return await response.Give(cancel);
    });

    private ScriptedResponse ResponseTo(Uri address)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        string last = address.AbsolutePath.Split('/')[^1];
        if (last != "face_gen") return now >= _ends[last] ? ScriptedResponse.Success(last) : ScriptedResponse.Processing(last);

        lock (_ends)
        {
            _sent++;
            if (_ends.Values.Count(end => end > now) >= _free)
                return ScriptedResponse.Json(FormattableString.Invariant($$"""{"status":"error","message":"Rate limit exceeded.","retry_after":{{RetryAfter}}}"""), 429);

            string id = (++_accepted).ToString(CultureInfo.InvariantCulture);
            _ends[id] = now.AddSeconds(_serviceSeconds);
            return ScriptedResponse.Processing(id, _serviceSeconds);
        }
    }
}
