using System.Collections.Concurrent;
using System.Globalization;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Generating;

/// <summary>An account whose queue somebody else fills too, so that the service refuses in spite of a free slot.</summary>
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
        _handler = new ScriptedHandler(address => Late(AnswerTo(address)), _clock);
    }

    private Slots Slots => Account.For(_connection!).Slots;

    public void Dispose()
    {
        _stop.Dispose();
        _connection?.Dispose();
        _handler.Dispose();
    }

    /// <summary>
    /// What was refused waits without a slot: those that are free are filled again at once, nothing more is tried meanwhile,
    /// and none of them is refused twice.
    /// </summary>
    [Theory]
    [InlineData(5, 2)]
    [InlineData(15, 5)]
    public async Task What_is_refused_waits_while_the_slots_that_there_are_stay_filled(int slots, int free)
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
    public async Task Where_nothing_is_accepted_one_request_alone_tries_again()
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
    public async Task A_time_that_is_over_before_there_is_a_place_again_has_cost_nothing()
    {
        _free = 1;
        Task<Generation[]> all = Generate(2, requests: 2, TimeSpan.FromSeconds(40), serviceSeconds: 60);
        await PassAsync(until: all);

        FaceGenException[] faults = [.. all.Exception!.InnerExceptions.Cast<FaceGenException>()];
        Assert.Equal([ErrorCode.ServiceBusy, ErrorCode.GenerationTimeout], faults.Select(fault => fault.Code).Order());
        Assert.StartsWith("The service accepted nothing within 40 seconds, and nothing was paid for: HTTP 429",
            faults.Single(fault => fault.Code == ErrorCode.ServiceBusy).Message, StringComparison.Ordinal);
        Assert.Equal(1, Slots.InUse);
    }

    [Fact]
    public async Task Who_is_stopped_while_it_waits_takes_no_place()
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
            await generator.GenerateAsync(FakeService.Request(), await generator.AcquireSlotAsync(_stop.Token), options, _stop.Token)));
    }

    private async Task PassAsync(double? to = null, Task? until = null)
    {
        while (until is { IsCompleted: false } || (_clock.GetUtcNow() - _start).TotalSeconds < to)
        {
            // What has begun by itself comes to its next wait.
            await Task.Delay(3);
            await _clock.AdvanceAsync(TimeSpan.FromSeconds(Step));
        }
    }

    /// <summary>An answer takes its time, so that all requests are out at once.</summary>
    private ScriptedResponse Late(ScriptedResponse answer) => new(async cancel =>
    {
        await Task.Delay(TimeSpan.FromSeconds(Step), _clock, cancel);
        return await answer.Give(cancel);
    });

    private ScriptedResponse AnswerTo(Uri address)
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
