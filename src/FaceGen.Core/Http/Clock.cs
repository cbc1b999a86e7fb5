namespace FaceGen.Http;

/// <summary>Waiting on an injected clock, alike on every framework.</summary>
internal static class Clock
{
    /// <summary>Awaits work that takes no token, no longer than until it is cancelled; the work goes on by itself.</summary>
    internal static async Task<T> UnlessAsync<T>(this Task<T> work, CancellationToken cancel)
    {
        if (work.IsCompleted) return await work.ConfigureAwait(false);

        var cancelled = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (cancel.Register(() => cancelled.TrySetCanceled(cancel)))
            return await (await Task.WhenAny(work, cancelled.Task).ConfigureAwait(false)).ConfigureAwait(false);
    }

    /// <summary>Lets work go on by itself: what becomes of it shows elsewhere.</summary>
    internal static void Observe(this Task work) => work.ContinueWith(ended => ended.Exception, CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>A timer cuts fractions of a millisecond off: a wait that ends too early would be begun again and again.</summary>
    private static TimeSpan WholeMilliseconds(TimeSpan delay) =>
        delay.Ticks % TimeSpan.TicksPerMillisecond is > 0 and var fraction ? delay + TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond - fraction) : delay;

    /// <summary>
    /// Cancels without running the callbacks on this thread: one of them may block for as long as a network call takes.
    /// </summary>
#if NETSTANDARD
    internal static void CancelInBackground(this CancellationTokenSource source) => Task.Run(source.Cancel).Observe();
#else
    internal static void CancelInBackground(this CancellationTokenSource source) => source.CancelAsync().Observe();
#endif

#if NETSTANDARD
    internal static Task Wait(this TimeProvider time, TimeSpan delay, CancellationToken cancel) => time.Delay(WholeMilliseconds(delay), cancel);

    internal static CancellationTokenSource Timer(this TimeProvider time, TimeSpan delay) => time.CreateCancellationTokenSource(delay);
#else
    internal static Task Wait(this TimeProvider time, TimeSpan delay, CancellationToken cancel) => Task.Delay(WholeMilliseconds(delay), time, cancel);

    internal static CancellationTokenSource Timer(this TimeProvider time, TimeSpan delay) => new(delay, time);
#endif
}
