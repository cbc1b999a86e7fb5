using FaceGen.Core.Tests.Support;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

public sealed class RateLimiterTests
{
    private readonly TestClock _clock = new();
    private readonly RateLimiter _limiter = new(3);

    [Fact]
    public async Task Acquire_over_limit_waits_for_a_minute()
    {
        for (int i = 0; i < 3; i++) Assert.True(_limiter.AcquireAsync(_clock, default).IsCompletedSuccessfully);
        _clock.Advance(TimeSpan.FromSeconds(20));

        Task fourth = _limiter.AcquireAsync(_clock, default);

        _clock.Advance(TimeSpan.FromSeconds(40));
        Assert.False(fourth.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await fourth.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Acquire_several_waiting_are_spaced()
    {
        for (int i = 0; i < 3; i++) _ = _limiter.AcquireAsync(_clock, default);
        Task[] waiting = [.. Enumerable.Range(0, 4).Select(_ => _limiter.AcquireAsync(_clock, default))];

        _clock.Advance(TimeSpan.FromSeconds(61));

        await Task.WhenAll(waiting[..3]).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(waiting[3].IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(61));
        await waiting[3].WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Acquire_canceled_throws()
    {
        using var cancellation = new CancellationTokenSource();
        for (int i = 0; i < 3; i++) _ = _limiter.AcquireAsync(_clock, default);
        Task waiting = _limiter.AcquireAsync(_clock, cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
