namespace FaceGen;

/// <summary>Waiting on an injected clock, alike on every framework.</summary>
internal static class AsyncExtensions
{
    /// <summary>Lets work go on by itself: what becomes of it shows elsewhere.</summary>
    internal static void ObserveException(this Task task) => task.ContinueWith(ended => ended.Exception, CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>A timer cuts fractions of a millisecond off: a wait that ends too early would be begun again and again.</summary>
    private static TimeSpan RoundUpToMilliseconds(TimeSpan delay) =>
        delay.Ticks % TimeSpan.TicksPerMillisecond is > 0 and var fraction ? delay + TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond - fraction) : delay;

    /// <summary>
    /// Cancels without running the callbacks on this thread: one of them may block for as long as a network call takes.
    /// </summary>
#if NETSTANDARD
    internal static void CancelInBackground(this CancellationTokenSource source) => Task.Run(source.Cancel).ObserveException();
#else
    internal static void CancelInBackground(this CancellationTokenSource source) => source.CancelAsync().ObserveException();
#endif

#if NETSTANDARD
    internal static Task<T> WaitAsync<T>(this Task<T> task, CancellationToken cancellationToken) => task.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    internal static Task DelayAsync(this TimeProvider time, TimeSpan delay, CancellationToken cancellationToken) => time.Delay(RoundUpToMilliseconds(delay), cancellationToken);

    internal static CancellationTokenSource CreateTimeoutSource(this TimeProvider time, TimeSpan delay) => time.CreateCancellationTokenSource(delay);
#else
    internal static Task DelayAsync(this TimeProvider time, TimeSpan delay, CancellationToken cancellationToken) => Task.Delay(RoundUpToMilliseconds(delay), time, cancellationToken);

    internal static CancellationTokenSource CreateTimeoutSource(this TimeProvider time, TimeSpan delay) => new(delay, time);
#endif
}
