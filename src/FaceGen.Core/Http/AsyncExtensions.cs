namespace FaceGen;

/// <summary>Provides what the task API of one of the target frameworks lacks.</summary>
internal static class AsyncExtensions
{
    /// <summary>Observes the exception of a task that no code awaits, so that it does not become an unobserved task exception.</summary>
    internal static void ObserveException(this Task task) => task.ContinueWith(ended => ended.Exception, CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Waits for a delay. A timer truncates it to milliseconds and would end too early, so it is rounded up.</summary>
    internal static Task DelayAsync(this TimeProvider time, TimeSpan delay, CancellationToken cancellationToken)
    {
        if (delay.Ticks % TimeSpan.TicksPerMillisecond is > 0 and var fraction) delay += TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond - fraction);
#if NETSTANDARD
        return time.Delay(delay, cancellationToken);
#else
        return Task.Delay(delay, time, cancellationToken);
#endif
    }

#if NETSTANDARD
    /// <summary>Cancels without running the callbacks on this thread: a callback can block as long as a network call.</summary>
    internal static void CancelInBackground(this CancellationTokenSource source) => Task.Run(source.Cancel).ObserveException();

    /// <summary>Waits for a task or until the token is canceled, as <c>Task.WaitAsync</c> does since .NET 6.</summary>
    internal static Task<T> WaitAsync<T>(this Task<T> task, CancellationToken cancellationToken) =>
        task.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    /// <summary>Creates a token source that is canceled after a delay.</summary>
    internal static CancellationTokenSource CreateTimeoutSource(this TimeProvider time, TimeSpan delay) => time.CreateCancellationTokenSource(delay);
#else
    /// <summary>Cancels without running the callbacks on this thread: a callback can block as long as a network call.</summary>
    internal static void CancelInBackground(this CancellationTokenSource source) => source.CancelAsync().ObserveException();

    /// <summary>Creates a token source that is canceled after a delay.</summary>
    internal static CancellationTokenSource CreateTimeoutSource(this TimeProvider time, TimeSpan delay) => new(delay, time);
#endif
}
