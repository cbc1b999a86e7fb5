using FaceGen.Http;

namespace FaceGen.Generating;

/// <summary>How long the engine waits before it tries again.</summary>
internal static class Backoff
{
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(60);

    /// <summary>The longest wait that a service is given: a timer does not take any number, nor does a person.</summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromDays(1);

    /// <summary>The wait before trying again: what the service asked for, else doubling from a second, with jitter.</summary>
    internal static TimeSpan GetDelay(int attempt, TimeSpan? retryAfter, EngineServices services)
    {
        double jitter = services.NextDouble();
        // Everybody was asked to come back at the same moment: jitter only adds to that.
        if (retryAfter is { } wait) return (wait < MaxRetryAfter ? wait : MaxRetryAfter) + TimeSpan.FromSeconds(jitter);

        double doubled = Math.Min(MaxDelay.TotalSeconds, Math.Pow(2, Math.Min(attempt, 10)));
        return TimeSpan.FromSeconds(doubled * (0.5 + (jitter / 2)));
    }
}
