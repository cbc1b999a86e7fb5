using FaceGen.Core.Tests.Support;
using FaceGen.Generating;

namespace FaceGen.Core.Tests.Generating;

public sealed class AdaptiveRateLimiterTests
{
    private readonly TestClock _clock = new();
    private readonly AdaptiveRateLimiter _limiter = new();

    [Fact]
    public void Limiter_without_refusal_has_no_interval()
    {
        for (int i = 0; i < 20; i++)
        {
            Assert.True(_limiter.WaitAsync(_clock, default).IsCompletedSuccessfully);
            _limiter.AddAccepted();
        }

        Assert.Equal(TimeSpan.Zero, _limiter.Interval);
    }

    [Fact]
    public async Task Limiter_after_refusal_spaces_the_submissions()
    {
        await _limiter.WaitAsync(_clock, default);
        Assert.True(_limiter.TryAddRefusal(_limiter.Version));
        DateTimeOffset start = _clock.GetUtcNow();

        for (int i = 1; i <= 3; i++)
        {
            await _clock.RunAsync(WaitAsync()).WithTimeoutAsync();
            Assert.Equal(i * 2.2, (_clock.GetUtcNow() - start).TotalSeconds, 3);
        }
    }

    [Fact]
    public void Refusals_of_the_same_interval_count_once()
    {
        int version = _limiter.Version;

        for (int i = 0; i < 5; i++) Assert.True(_limiter.TryAddRefusal(version));

        Assert.Equal(2.2, _limiter.Interval.TotalSeconds, 3);
    }

    [Fact]
    public void Refusal_at_a_long_interval_is_about_the_queue()
    {
        Assert.True(_limiter.TryAddRefusal(_limiter.Version));
        Assert.True(_limiter.TryAddRefusal(_limiter.Version));
        Assert.True(_limiter.TryAddRefusal(_limiter.Version));
        Assert.Equal(4.95, _limiter.Interval.TotalSeconds, 3);

        Assert.False(_limiter.TryAddRefusal(_limiter.Version));
        Assert.Equal(TimeSpan.Zero, _limiter.Interval);
    }

    [Fact]
    public void Interval_shrinks_while_submissions_are_accepted_and_each_failed_trial_delays_the_next()
    {
        _limiter.TryAddRefusal(_limiter.Version);
        Accept(9);
        Assert.Equal(2.2, _limiter.Interval.TotalSeconds, 3);

        Accept(1);
        Assert.Equal(1.76, _limiter.Interval.TotalSeconds, 3);
        _limiter.TryAddRefusal(_limiter.Version);
        Assert.Equal(2.2, _limiter.Interval.TotalSeconds, 3);

        Accept(19);
        Assert.Equal(2.2, _limiter.Interval.TotalSeconds, 3);
        Accept(1);
        Assert.Equal(1.76, _limiter.Interval.TotalSeconds, 3);
        Accept(2000);
        Assert.Equal(TimeSpan.Zero, _limiter.Interval);
    }

    [Fact]
    public async Task Canceled_wait_does_not_hold_up_others()
    {
        await _limiter.WaitAsync(_clock, default);
        _limiter.TryAddRefusal(_limiter.Version);
        using var stop = new CancellationTokenSource();
        Task canceled = _limiter.WaitAsync(_clock, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled.WithTimeoutAsync());
        await _clock.RunAsync(WaitAsync()).WithTimeoutAsync();
    }

    private void Accept(int count)
    {
        for (int i = 0; i < count; i++) _limiter.AddAccepted();
    }

    private async Task<bool> WaitAsync()
    {
        await _limiter.WaitAsync(_clock, default);
        return true;
    }
}
