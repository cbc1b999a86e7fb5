namespace FaceGen.Generating;

/// <summary>
/// Computes the interval between two polls of a generation. It learns from how long the account's generations have taken, and
/// from the errors of the service's etas, which are whole seconds, often wrong, and sometimes missing.
/// </summary>
internal sealed class PollInterval
{
    /// <summary>The number of generations that are remembered (docs/architecture.md#price-of-a-poll).</summary>
    private const int HistoryLength = 64;

    /// <summary>The weight of a generation with other steps or another number of images, until one of the same kind is known.</summary>
    private const double OtherKindWeight = 0.3;

    /// <summary>
    /// The cost of a poll, as a share of the usual duration that a generation may stay unnoticed after its end. With this share
    /// most generations take three polls (docs/architecture.md#price-of-a-poll).
    /// </summary>
    private const double PollCost = 0.039;

    /// <summary>The number of consecutive generations that end before their first poll until the service counts as faster.</summary>
    private const int EarlyEndsUntilReset = 4;

    /// <summary>The prior distribution of durations: about five seconds, and possibly a fifth or five times that.</summary>
    private const double PriorSeconds = 5, PriorDeviation = 1.2;

    /// <summary>The prior distribution of the eta's error: a quarter, and possibly far more.</summary>
    private const double PriorEtaError = 0.25, MaxEtaError = 1;

    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxUntrainedInterval = TimeSpan.FromSeconds(5);

    /// <summary>The bounds of <see cref="GetAssumedDuration"/> (docs/architecture.md#slots-of-an-uncertain-submission).</summary>
    private static readonly TimeSpan MinAssumedDuration = TimeSpan.FromSeconds(10), MaxAssumedDuration = TimeSpan.FromMinutes(2);

    private readonly object _gate = new();
    private readonly Queue<Observation> _history = new();
    private int _earlyEnds;

    /// <summary>Returns the delay before the next poll of a generation.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="eta">The number of seconds that the service expects it to take; null if unknown.</param>
    /// <param name="pendingFor">How long after the submission the last poll found it pending; zero before the first poll.</param>
    /// <param name="elapsed">How long ago it was submitted.</param>
    internal TimeSpan Next(Kind kind, double? eta, TimeSpan pendingFor, TimeSpan elapsed)
    {
        Observation[] history = GetHistory();
        double delay = Predict(history, kind, eta, pendingFor).NextPoll(pendingFor.TotalSeconds, elapsed.TotalSeconds) - elapsed.TotalSeconds;
        // The prior, or an eta alone, may be far off.
        TimeSpan max = history.Length > 0 ? MaxInterval : elapsed > MaxUntrainedInterval ? elapsed : MaxUntrainedInterval;
        return Clamp(TimeSpan.FromSeconds(Math.Min(delay, MaxInterval.TotalSeconds)), MinInterval, max < MaxInterval ? max : MaxInterval);
    }

    /// <summary>Learns how long a generation took: it ended between its last two polls.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="eta">The number of seconds that the service expected it to take; null if unknown.</param>
    /// <param name="previousPoll">How long after the submission the previous poll was; zero if there was none.</param>
    /// <param name="lastPoll">How long after the submission the last poll was.</param>
    internal void Learn(Kind kind, double? eta, TimeSpan previousPoll, TimeSpan lastPoll)
    {
        double likely = Predict(GetHistory(), kind, eta, previousPoll).MeanBetween(previousPoll.TotalSeconds, lastPoll.TotalSeconds);
        lock (_gate)
        {
            _earlyEnds = previousPoll == TimeSpan.Zero ? _earlyEnds + 1 : 0;
            if (_earlyEnds >= EarlyEndsUntilReset)
            {
                // Without an earlier poll the forecast would never see that the service has become faster.
                likely = Math.Min(likely, lastPoll.TotalSeconds / 2);
                for (int old = _history.Count / 2; old > 0; old--) _history.Dequeue();
            }

            double logDuration = Math.Log(Math.Max(likely, MinInterval.TotalSeconds));
            _history.Enqueue(new Observation(kind, logDuration, LogEta(eta) - logDuration, lastPoll));
            if (_history.Count > HistoryLength) _history.Dequeue();
        }
    }

    /// <summary>
    /// Returns how long a generation is assumed to take if nothing shows its end: twice the longest recent duration, within
    /// fixed bounds, because a few short ones do not show how long the next one takes
    /// (docs/architecture.md#slots-of-an-uncertain-submission).
    /// </summary>
    internal TimeSpan GetAssumedDuration() => Clamp(
        TimeSpan.FromTicks(GetHistory().Select(one => one.MaxDuration.Ticks * 2).DefaultIfEmpty().Max()), MinAssumedDuration, MaxAssumedDuration);

    private static Forecast Predict(Observation[] history, Kind kind, double? eta, TimeSpan pendingFor)
    {
        double? logEta = LogEta(eta);
        double otherWeight = OtherKindWeight / (1 + history.Count(one => one.Kind == kind));
        var durations = new Density(
            history.Select(one => (one.LogDuration, one.Kind == kind ? 1 : otherWeight)),
            Density.Normal(Math.Log(PriorSeconds), PriorDeviation), PriorDeviation);
        Density? etaErrors = logEta is null ? null : new Density(
            history.Where(one => one.LogEtaError is not null).Select(one => (one.LogEtaError!.Value, 1.0)), Density.Cauchy(0, PriorEtaError), MaxEtaError);

        double[] sorted = [.. history.Select(one => one.LogDuration).DefaultIfEmpty(logEta ?? Math.Log(PriorSeconds)).OrderBy(logDuration => logDuration)];
        double slack = history.Length > 0 ? 1 : 3;
        // A generation that takes far longer than usual is not polled as often as a usual one.
        double usual = Math.Max(Math.Exp(sorted[sorted.Length / 2]), pendingFor.TotalSeconds / 2);
        return new Forecast(
            logDuration => durations.Evaluate(logDuration) * (etaErrors?.Evaluate(logEta!.Value - logDuration) ?? 1),
            Math.Exp(sorted[0] - slack), Math.Exp(sorted[^1] + 2 * slack), PollCost * usual);
    }

    private static double? LogEta(double? eta) => eta is > 0 ? Math.Log(Math.Min(Math.Max(eta.Value, 0.02), 1e5)) : null;

    private static TimeSpan Clamp(TimeSpan value, TimeSpan min, TimeSpan max) => value < min ? min : value > max ? max : value;

    private Observation[] GetHistory()
    {
        lock (_gate) return [.. _history];
    }

    /// <summary>The parameters of a request that determine how long its generation takes.</summary>
    /// <param name="Steps">The number of inference steps; null for the service's default.</param>
    /// <param name="Images">The number of images.</param>
    internal readonly record struct Kind(int? Steps, int Images);

    /// <summary>A generation that has ended.</summary>
    /// <param name="Kind">Its kind.</param>
    /// <param name="LogDuration">The logarithm of its likely duration in seconds.</param>
    /// <param name="LogEtaError">The logarithm of the ratio of eta and duration; null without an eta.</param>
    /// <param name="MaxDuration">The longest duration that it may have had.</param>
    private readonly record struct Observation(Kind Kind, double LogDuration, double? LogEtaError, TimeSpan MaxDuration);
}
