using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FsCheck.Xunit;

namespace FaceGen.Core.Tests.Generating;

public sealed class SlotsTests
{
    [Fact]
    public async Task Slots_up_to_limit_are_acquired_at_once()
    {
        var slots = new Slots(2);

        using Slots.Slot first = await slots.AcquireAsync(default).WithTimeoutAsync();
        using Slots.Slot second = await slots.AcquireAsync(default).WithTimeoutAsync();
        Task<Slots.Slot> third = slots.AcquireAsync(default);

        Assert.False(third.IsCompleted);
        Assert.Equal((2, 2), (slots.InUse, slots.Limit));
        first.Dispose();
        (await third.WithTimeoutAsync()).Dispose();
        Assert.Equal(1, slots.InUse);
    }

    [Fact]
    public async Task Slots_are_granted_in_order()
    {
        var slots = new Slots(1);
        Slots.Slot held = await slots.AcquireAsync(default).WithTimeoutAsync();
        Task<Slots.Slot>[] waiting = [.. Enumerable.Range(0, 5).Select(_ => slots.AcquireAsync(default))];

        for (int i = 0; i < waiting.Length; i++)
        {
            held.Dispose();
            held = await waiting[i].WithTimeoutAsync();
            Assert.All(waiting[(i + 1)..], later => Assert.False(later.IsCompleted));
        }
    }

    [Fact]
    public async Task Slots_canceled_waiter_acquires_nothing()
    {
        var slots = new Slots(1);
        Slots.Slot held = await slots.AcquireAsync(default).WithTimeoutAsync();
        using var stop = new CancellationTokenSource();
        Task<Slots.Slot> stopped = slots.AcquireAsync(stop.Token);
        Task<Slots.Slot> next = slots.AcquireAsync(default);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped.WithTimeoutAsync());
        Assert.False(next.IsCompleted);
        held.Dispose();

        (await next.WithTimeoutAsync()).Dispose();
        Assert.Equal(0, slots.InUse);
    }

    [Fact]
    public async Task Slots_canceled_before_acquiring_acquires_nothing()
    {
        var slots = new Slots(1);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slots.AcquireAsync(new CancellationToken(canceled: true)));

        Assert.Equal(0, slots.InUse);
    }

    [Fact]
    public async Task Slot_disposed_twice_is_released_once()
    {
        var slots = new Slots(2);
        Slots.Slot first = await slots.AcquireAsync(default).WithTimeoutAsync();
        using Slots.Slot second = await slots.AcquireAsync(default).WithTimeoutAsync();

        first.Dispose();
        first.Dispose();

        Assert.Equal(1, slots.InUse);
    }

    [Fact]
    public async Task Slots_limit_raised_grants_waiters()
    {
        var slots = new Slots(1);
        using Slots.Slot held = await slots.AcquireAsync(default).WithTimeoutAsync();
        Task<Slots.Slot>[] waiting = [.. Enumerable.Range(0, 3).Select(_ => slots.AcquireAsync(default))];

        slots.Limit = 3;

        await waiting[0].WithTimeoutAsync();
        await waiting[1].WithTimeoutAsync();
        Assert.False(waiting[2].IsCompleted);
    }

    [Fact]
    public async Task Slots_limit_lowered_takes_effect_on_release()
    {
        var slots = new Slots(3);
        Slots.Slot[] held = [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => slots.AcquireAsync(default))).WithTimeoutAsync()];
        Task<Slots.Slot> waiting = slots.AcquireAsync(default);

        slots.Limit = 0;
        Assert.Equal((1, 3), (slots.Limit, slots.InUse));
        held[0].Dispose();
        held[1].Dispose();
        Assert.False(waiting.IsCompleted);
        held[2].Dispose();

        (await waiting.WithTimeoutAsync()).Dispose();
    }

    [Fact]
    public void Slots_service_limit_raises_default_limit_only()
    {
        var slots = new Slots(5);
        slots.ApplyServiceLimit(15);
        Assert.Equal((15, 15), (slots.Limit, slots.EffectiveLimit));

        slots.ReduceLimit();
        slots.ApplyServiceLimit(10);
        Assert.Equal((10, 1), (slots.Limit, slots.EffectiveLimit));

        slots.Limit = 3;
        slots.ApplyServiceLimit(15);
        Assert.Equal(3, slots.Limit);
    }

    [Fact]
    public async Task Slots_service_returns_429_reduces_limit_until_accepted()
    {
        var slots = new Slots(3);
        Slots.Slot[] held = [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => slots.AcquireAsync(default))).WithTimeoutAsync()];

        slots.ReduceLimit();
        Assert.Equal((2, 3), (slots.EffectiveLimit, slots.Limit));
        held[0].Dispose();
        Task<Slots.Slot> waiting = slots.AcquireAsync(default);
        Assert.False(waiting.IsCompleted);

        slots.RecoverLimit();
        Assert.Equal(2, slots.EffectiveLimit);
        slots.RecoverLimit();
        Assert.Equal(3, slots.EffectiveLimit);
        (await waiting.WithTimeoutAsync()).Dispose();
        for (int i = 0; i < 10; i++) slots.RecoverLimit();
        Assert.Equal(3, slots.EffectiveLimit);
    }

    [Fact]
    public void Slots_reduced_limit_is_at_least_one()
    {
        var slots = new Slots(3);

        for (int i = 0; i < 10; i++) slots.ReduceLimit();

        Assert.Equal(1, slots.EffectiveLimit);
    }

    /// <summary>
    /// Compares any order of acquiring, canceling, releasing and changing the limit with a model: exactly the waiters that
    /// should have a slot have one.
    /// </summary>
    [Property(MaxTest = 300)]
    public async Task Slots_random_events_match_model(byte[] events)
    {
        int limit = 2;
        var slots = new Slots(limit);
        var waiting = new List<(Task<Slots.Slot> Slot, CancellationTokenSource Stop)>();
        var acquired = new List<Task<Slots.Slot>>();
        foreach (byte choice in events)
        {
            int which = choice / 4;
            switch (choice % 4)
            {
                case 0 when waiting.Count > 0:
                    (Task<Slots.Slot> canceled, CancellationTokenSource stop) = waiting[which % waiting.Count];
                    waiting.RemoveAt(which % waiting.Count);
                    await stop.CancelAsync();
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled.WithTimeoutAsync());
                    break;
                case 1 when acquired.Count > 0:
                    Task<Slots.Slot> held = acquired[which % acquired.Count];
                    acquired.RemoveAt(which % acquired.Count);
                    (await held.WithTimeoutAsync()).Dispose();
                    break;
                case 2 when which % 5 == 0:
                    limit = 1 + (which / 5 % 4);
                    slots.Limit = limit;
                    break;
                default:
                    var token = new CancellationTokenSource();
                    waiting.Add((slots.AcquireAsync(token.Token), token));
                    break;
            }

            while (acquired.Count < limit && waiting.Count > 0)
            {
                acquired.Add(waiting[0].Slot);
                waiting.RemoveAt(0);
            }

            Assert.Equal(acquired.Count, slots.InUse);
        }

        await Task.WhenAll(acquired).WithTimeoutAsync();
        Assert.All(waiting, waiter => Assert.False(waiter.Slot.IsCompleted));
    }

    [Fact]
    public async Task Slots_concurrent_use_stays_within_limit()
    {
        var slots = new Slots(5);
        int inside = 0, most = 0, served = 0;

        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
            {
                using var stop = new CancellationTokenSource();
                Task<Slots.Slot> waiter = slots.AcquireAsync(stop.Token);
                if (i % 7 == worker % 7) await stop.CancelAsync();
                try
                {
                    using Slots.Slot slot = await waiter;
                    int now = Interlocked.Increment(ref inside);
                    InterlockedMax(ref most, now);
                    await Task.Yield();
                    Interlocked.Decrement(ref inside);
                }
                catch (OperationCanceledException)
                {
                    Assert.True(stop.IsCancellationRequested);
                }

                Interlocked.Increment(ref served);
            }
        }))).WithTimeoutAsync();

        Assert.Equal((0, 16 * 500), (slots.InUse, served));
        Assert.InRange(most, 1, 5);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref most)) < value) Interlocked.CompareExchange(ref most, value, seen);
    }
}
