using FaceGen.Http;

namespace FaceGen.Generating;

/// <summary>How long the engine waits before it looks, or tries, again.</summary>
internal static class Pace
{
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The wait before the next look at a generation: the first is due when the service expects to be ready, later
    /// ones at a tenth of the time that it has taken so far.
    /// </summary>
    internal static TimeSpan BeforeLook(TimeSpan elapsed, double? eta) => elapsed == TimeSpan.Zero
        ? Clamp(eta ?? 1, 0.05, 60)
        : Clamp(elapsed.TotalSeconds / 10, 0.05, 5);

    /// <summary>The wait before trying again: what the service asked for, else doubling from a second, with jitter.</summary>
    internal static TimeSpan BeforeRetry(int attempt, TimeSpan? asked, EngineServices services)
    {
        double jitter = services.NextDouble();
        // Everybody was asked to come back at the same moment: jitter only adds to that.
        if (asked is { } wait) return wait + TimeSpan.FromSeconds(jitter);

        double doubled = Math.Min(LongestBackoff.TotalSeconds, Math.Pow(2, Math.Min(attempt, 10)));
        return TimeSpan.FromSeconds(doubled * (0.5 + (jitter / 2)));
    }

    private static TimeSpan Clamp(double seconds, double min, double max) =>
        TimeSpan.FromSeconds(Math.Min(max, Math.Max(min, seconds)));
}
