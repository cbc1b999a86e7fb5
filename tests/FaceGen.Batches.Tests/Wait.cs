using System.Diagnostics;

namespace FaceGen.Batches.Tests;

/// <summary>Waits for conditions, within a time limit.</summary>
internal static class Wait
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Waits until a condition is true.</summary>
    /// <exception cref="TimeoutException">The condition is not true within a minute.</exception>
    internal static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    /// <inheritdoc cref="UntilAsync(Func{bool})"/>
    internal static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (long start = Stopwatch.GetTimestamp(); !await condition(); await Task.Delay(1))
            if (Stopwatch.GetElapsedTime(start) > Limit) throw new TimeoutException($"The condition is not true after {Limit.TotalSeconds:0} s.");
    }
}
