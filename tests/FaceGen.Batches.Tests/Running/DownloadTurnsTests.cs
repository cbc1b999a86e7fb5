using FaceGen.Batches.Running;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

public sealed class DownloadTurnsTests
{
    private static readonly DateTimeOffset Soon = new(2030, 1, 2, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_nearest_expiry_comes_first()
    {
        var turns = new DownloadTurns(1);
        await turns.EnterAsync(Soon, default).GuardAsync();
        Task third = turns.EnterAsync(Soon.AddHours(3), default);
        Task first = turns.EnterAsync(Soon.AddHours(1), default);
        Task second = turns.EnterAsync(Soon.AddHours(2), default);

        Assert.Equal(Soon.AddHours(1), turns.NearestExpiry);
        turns.Leave();
        await first.GuardAsync();
        Assert.False(second.IsCompleted || third.IsCompleted);
        turns.Leave();
        await second.GuardAsync();
        Assert.False(third.IsCompleted);
        turns.Leave();
        await third.GuardAsync();
        Assert.Null(turns.NearestExpiry);
    }

    [Fact]
    public async Task Who_stops_waiting_takes_no_turn()
    {
        var turns = new DownloadTurns(1);
        await turns.EnterAsync(Soon, default).GuardAsync();
        using var stop = new CancellationTokenSource();
        Task stopped = turns.EnterAsync(Soon.AddHours(1), stop.Token);
        Task next = turns.EnterAsync(Soon.AddHours(2), default);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped.GuardAsync());
        turns.Leave();
        await next.GuardAsync();
        turns.Leave();

        // The turn is free again, once.
        await turns.EnterAsync(Soon, default).GuardAsync();
        Assert.False(turns.EnterAsync(Soon, default).IsCompleted);
    }

    [Fact]
    public async Task As_many_as_are_allowed_begin_at_once_whatever_happens()
    {
        var turns = new DownloadTurns(3);
        int now = 0, most = 0, done = 0;
        await Task.WhenAll(Enumerable.Range(0, 200).Select(number => Task.Run(async () =>
        {
            using var stop = new CancellationTokenSource();
            Task turn = turns.EnterAsync(Soon.AddSeconds(number % 7), stop.Token);
            if (number % 5 == 0) await stop.CancelAsync();
            try
            {
                await turn;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            InterlockedMax(ref most, Interlocked.Increment(ref now));
            await Task.Yield();
            Interlocked.Increment(ref done);
            Interlocked.Decrement(ref now);
            turns.Leave();
        }))).GuardAsync();

        Assert.InRange(most, 1, 3);
        Assert.InRange(done, 160, 200);
        for (int i = 0; i < 3; i++) await turns.EnterAsync(Soon, default).GuardAsync();
        Assert.False(turns.EnterAsync(Soon, default).IsCompleted);
    }

    [Fact]
    public async Task An_image_whose_expiry_nobody_knows_is_no_nearest_one()
    {
        var turns = new DownloadTurns(1);
        await turns.EnterAsync(null, default).GuardAsync();
        Task unknown = turns.EnterAsync(null, default);

        Assert.Null(turns.NearestExpiry);
        Task known = turns.EnterAsync(Soon, default);
        Assert.Equal(Soon, turns.NearestExpiry);
        turns.Leave();
        await known.GuardAsync();
        Assert.False(unknown.IsCompleted);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen = Volatile.Read(ref most);
        while (value > seen && Interlocked.CompareExchange(ref most, value, seen) is { } before && before != seen) seen = before;
    }
}
