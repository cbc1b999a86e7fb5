using FaceGen.Core.Tests.Support;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

public sealed class CallRateTests
{
    private readonly TestClock _clock = new();
    private readonly CallRate _rate = new(3);

    [Fact]
    public async Task As_many_as_are_allowed_go_at_once_and_the_next_when_the_first_is_a_minute_old()
    {
        for (int i = 0; i < 3; i++) Assert.True(_rate.TakeAsync(_clock, default).IsCompletedSuccessfully);
        _clock.Advance(TimeSpan.FromSeconds(20));

        Task fourth = _rate.TakeAsync(_clock, default);

        _clock.Advance(TimeSpan.FromSeconds(40));
        Assert.False(fourth.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await fourth.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Those_that_wait_have_turns_of_their_own()
    {
        for (int i = 0; i < 3; i++) _ = _rate.TakeAsync(_clock, default);
        Task[] waiting = [.. Enumerable.Range(0, 4).Select(_ => _rate.TakeAsync(_clock, default))];

        _clock.Advance(TimeSpan.FromSeconds(61));

        await Task.WhenAll(waiting[..3]).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(waiting[3].IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(61));
        await waiting[3].WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_wait_can_be_given_up()
    {
        using var stop = new CancellationTokenSource();
        for (int i = 0; i < 3; i++) _ = _rate.TakeAsync(_clock, default);
        Task waiting = _rate.TakeAsync(_clock, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
