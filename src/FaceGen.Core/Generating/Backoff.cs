using FaceGen.Http;

namespace FaceGen.Generating;

/// <summary>Computes the delay before a request is sent again.</summary>
internal static class Backoff
{
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(60);

    /// <summary>The longest delay that the service is granted; timers have a limit too.</summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromDays(1);

    /// <summary>Returns the delay that the service asked for; otherwise an exponential one that begins at a second. Both have jitter.</summary>
    /// <param name="attempt">The number of the failed attempt, from 0.</param>
    /// <param name="retryAfter">The delay that the service asked for; null if it did not.</param>
    /// <param name="services">Provides the jitter.</param>
    internal static TimeSpan GetDelay(int attempt, TimeSpan? retryAfter, EngineServices services)
    {
        double jitter = services.NextDouble();
        // Every client was asked to wait until the same moment: jitter only adds to that.
        if (retryAfter is { } delay) return (delay < MaxRetryAfter ? delay : MaxRetryAfter) + TimeSpan.FromSeconds(jitter);

        double doubled = Math.Min(MaxDelay.TotalSeconds, Math.Pow(2, Math.Min(attempt, 10)));
        return TimeSpan.FromSeconds(doubled * (0.5 + (jitter / 2)));
    }
}
