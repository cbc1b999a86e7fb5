using System.Globalization;
using System.Net;
using System.Text.Json;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Generating;

/// <summary>Tests services that limit the rate of submissions (Q45), or refuse equal ones (Q40). Each submission is finished at once.</summary>
public sealed class RateLimitTests : IDisposable
{
    private readonly TestClock _clock = new();
    private readonly DateTimeOffset _start;
    private readonly Service _service;
    private Connection? _connection;

    public RateLimitTests()
    {
        _start = _clock.GetUtcNow();
        _service = new Service(_clock);
    }

    private Account Account => Account.For(_connection!);

    private double Elapsed => (_clock.GetUtcNow() - _start).TotalSeconds;

    public void Dispose()
    {
        _connection?.Dispose();
        _service.Dispose();
    }

    [Fact]
    public async Task Rate_limit_with_bare_429_is_met_rarely()
    {
        DateTimeOffset? last = null;
        _service.Refuse = (_, now) =>
        {
            if (now - last < TimeSpan.FromSeconds(2)) return Respond("", HttpStatusCode.TooManyRequests);

            last = now;
            return null;
        };

        Generation[] generations = await RunAsync(slots: 5, step: 0.1, [.. Enumerable.Range(0, 60).Select(number => FakeService.Request($"prompt {number}"))]);

        Assert.Equal(60, generations.Select(generation => generation.Id).Distinct().Count());
        Assert.InRange(_service.Refused, 1, 12);
        Assert.InRange(Elapsed, 118, 160);
        Assert.Equal((0, 5), (Account.Slots.InUse, Account.Slots.EffectiveLimit));
    }

    [Fact]
    public async Task Equal_requests_refused_as_spam_are_spaced()
    {
        var sent = new Dictionary<string, DateTimeOffset>();
        _service.Refuse = (prompt, now) =>
        {
            if (sent.TryGetValue(prompt, out DateTimeOffset before) && now - before < TimeSpan.FromSeconds(30))
                return Respond("""{"status":"error","message":"Spam detected","tips":"Please wait for 30 seconds before you send the same request."}""");

            sent[prompt] = now;
            return null;
        };

        Generation[] generations = await RunAsync(slots: 4, step: 0.5,
            [.. Enumerable.Repeat("a hat", 4).Concat(Enumerable.Range(0, 20).Select(number => $"prompt {number}")).Select(FakeService.Request)]);

        // Those that were in flight when the first was refused. Later the others wait, and are not sent.
        Assert.InRange(_service.Refused, 1, 4);
        // Other requests have the slots meanwhile.
        Assert.All(generations.Skip(4), generation => Assert.InRange((generation.CreatedAt!.Value - _start).TotalSeconds, 0, 25));
        Assert.InRange(Elapsed, 90, 100);
        Assert.Equal((0, 4), (Account.Slots.InUse, Account.Slots.EffectiveLimit));
    }

    [Fact]
    public async Task Equal_requests_are_sent_at_once_without_a_refusal()
    {
        await RunAsync(slots: 4, step: 0.5, [.. Enumerable.Repeat(FakeService.Request(), 8)]);

        Assert.InRange(Elapsed, 0, 10);
    }

    private static HttpResponseMessage Respond(string json, HttpStatusCode status = HttpStatusCode.OK) => new(status) { Content = new StringContent(json) };

    /// <summary>Generates all requests, while the clock advances in steps.</summary>
    private async Task<Generation[]> RunAsync(int slots, double step, IReadOnlyList<Request> requests)
    {
        _connection = new Connection(ServiceAddress.Parse(new Uri($"https://{Guid.NewGuid():N}.example")), new ApiKey(FakeService.Key), slots,
            services: new EngineServices { Time = _clock, CreateHandler = () => _service, NextDouble = () => 0 });
        var generator = new Generator(_connection);
        Task<Generation[]> all = Task.WhenAll(requests.Select(async request =>
        {
            var options = new GenerateOptions();
            FaceImageValue face = await generator.GetFaceAsync(request, options, default);
            return await generator.GenerateAsync(request, face, await generator.AcquireSlotAsync(default), options, default);
        }));
        while (!all.IsCompleted && Elapsed < 3600)
        {
            // Work in progress reaches its next delay.
            await Task.Delay(3);
            await _clock.AdvanceAsync(TimeSpan.FromSeconds(step));
        }

        return await all.WithTimeoutAsync();
    }

    private sealed class Service(TestClock clock) : HttpMessageHandler
    {
        private readonly SemaphoreSlim _gate = new(1);
        private int _accepted;

        /// <summary>Gets or sets what refuses a prompt at a time; null to accept it.</summary>
        internal Func<string, DateTimeOffset, HttpResponseMessage?> Refuse { get; set; } = (_, _) => null;

        internal int Refused { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using JsonDocument body = JsonDocument.Parse(await request.Content!.ReadAsStringAsync(cancellationToken));
            await _gate.WaitAsync(cancellationToken);
            try
            {
                if (Refuse(body.RootElement.GetProperty("prompt").GetString()!, clock.GetUtcNow()) is { } refusal)
                {
                    Refused++;
                    return refusal;
                }

                string id = (++_accepted).ToString(CultureInfo.InvariantCulture);
                return Respond($$"""{"status":"success","id":{{id}},"output":["https://cdn.example/{{id}}.png"]}""");
            }
            finally
            {
                _gate.Release();
            }
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            _gate.Dispose();
        }
    }
}
