using FaceGen.Batches.Running;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

public sealed class DownloadQueueTests
{
    private static readonly DateTimeOffset Soon = new(2030, 1, 2, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Nearest_expiry_is_first()
    {
        var turns = new DownloadQueue(1);
        await turns.AcquireAsync(Soon, default).WithTimeoutAsync();
        Task third = turns.AcquireAsync(Soon.AddHours(3), default);
        Task first = turns.AcquireAsync(Soon.AddHours(1), default);
        Task second = turns.AcquireAsync(Soon.AddHours(2), default);

        Assert.Equal(Soon.AddHours(1), turns.NearestExpiry);
        turns.Release();
        await first.WithTimeoutAsync();
        Assert.False(second.IsCompleted || third.IsCompleted);
        turns.Release();
        await second.WithTimeoutAsync();
        Assert.False(third.IsCompleted);
        turns.Release();
        await third.WithTimeoutAsync();
        Assert.Null(turns.NearestExpiry);
    }

    [Fact]
    public async Task Canceled_wait_gets_no_turn()
    {
        var turns = new DownloadQueue(1);
        await turns.AcquireAsync(Soon, default).WithTimeoutAsync();
        using var stop = new CancellationTokenSource();
        Task stopped = turns.AcquireAsync(Soon.AddHours(1), stop.Token);
        Task next = turns.AcquireAsync(Soon.AddHours(2), default);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped.WithTimeoutAsync());
        turns.Release();
        await next.WithTimeoutAsync();
        turns.Release();

        // The turn is free again, once.
        await turns.AcquireAsync(Soon, default).WithTimeoutAsync();
        Assert.False(turns.AcquireAsync(Soon, default).IsCompleted);
    }

    [Fact]
    public async Task Downloads_never_exceed_limit()
    {
        var turns = new DownloadQueue(3);
        int now = 0, max = 0, done = 0;
        await Task.WhenAll(Enumerable.Range(0, 200).Select(number => Task.Run(async () =>
        {
            using var stop = new CancellationTokenSource();
            Task turn = turns.AcquireAsync(Soon.AddSeconds(number % 7), stop.Token);
            if (number % 5 == 0) await stop.CancelAsync();
            try
            {
                await turn;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            InterlockedMax(ref max, Interlocked.Increment(ref now));
            await Task.Yield();
            Interlocked.Increment(ref done);
            Interlocked.Decrement(ref now);
            turns.Release();
        }))).WithTimeoutAsync();

        Assert.InRange(max, 1, 3);
        Assert.InRange(done, 160, 200);
        for (int i = 0; i < 3; i++) await turns.AcquireAsync(Soon, default).WithTimeoutAsync();
        Assert.False(turns.AcquireAsync(Soon, default).IsCompleted);
    }

    [Fact]
    public async Task Image_of_unknown_expiry_is_not_nearest()
    {
        var turns = new DownloadQueue(1);
        await turns.AcquireAsync(null, default).WithTimeoutAsync();
        Task unknown = turns.AcquireAsync(null, default);

        Assert.Null(turns.NearestExpiry);
        Task known = turns.AcquireAsync(Soon, default);
        Assert.Equal(Soon, turns.NearestExpiry);
        turns.Release();
        await known.WithTimeoutAsync();
        Assert.False(unknown.IsCompleted);
    }

    private static void InterlockedMax(ref int limit, int value)
    {
        int seen = Volatile.Read(ref limit);
        while (value > seen && Interlocked.CompareExchange(ref limit, value, seen) is { } before && before != seen) seen = before;
    }
}
