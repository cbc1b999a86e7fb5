namespace FaceGen.Generating;

/// <summary>
/// When to look at a generation, learnt from how long the account's generations have taken so far and how wrong the
/// service's own word was: that is in whole seconds, often wrong, and sometimes missing.
/// </summary>
internal sealed class PollInterval
{
    /// <summary>How many of the last generations are remembered.</summary>
    private const int HistoryLength = 64;

    /// <summary>How much a generation of other steps or another number of images counts, until one of the same is known.</summary>
    private const double OtherKindWeight = 0.3;

    /// <summary>What a look is worth: this part of a usual generation's time. It makes three looks at most generations.</summary>
    private const double PollCost = 0.039;

    /// <summary>How many in a row may have ended before the first look until the service is thought to have become faster.</summary>
    private const int EarlyEndsUntilReset = 4;

    /// <summary>What is thought before anything is known: about five seconds, and it may well be a fifth or five times of that.</summary>
    private const double PriorSeconds = 5, PriorDeviation = 1.2;

    /// <summary>How wrong the service's word is thought to be before anything is known: by a quarter, or far more.</summary>
    private const double PriorEtaError = 0.25, MaxEtaError = 1;

    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxUntrainedInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MinAssumedDuration = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxAssumedDuration = TimeSpan.FromMinutes(2);

    private readonly object _gate = new();
    private readonly Queue<Observation> _history = new();
    private int _earlyEnds;

    /// <summary>The wait before the next look at a generation.</summary>
    /// <param name="kind">What may make it take longer or shorter.</param>
    /// <param name="eta">How many seconds the service expects it to take; null where it does not say.</param>
    /// <param name="pendingFor">How long after the submission it had not ended yet: zero before the first look.</param>
    /// <param name="elapsed">How long ago it was submitted.</param>
    internal TimeSpan Next(Kind kind, double? eta, TimeSpan pendingFor, TimeSpan elapsed)
    {
        Observation[] past = GetHistory();
        double wait = Predict(past, kind, eta, pendingFor).NextPoll(pendingFor.TotalSeconds, elapsed.TotalSeconds) - elapsed.TotalSeconds;
        // A guess, or the service's word alone, is not trusted for long.
        TimeSpan most = past.Length > 0 ? MaxInterval : elapsed > MaxUntrainedInterval ? elapsed : MaxUntrainedInterval;
        return Clamp(TimeSpan.FromSeconds(Math.Min(wait, MaxInterval.TotalSeconds)), MinInterval, most < MaxInterval ? most : MaxInterval);
    }

    /// <summary>Takes in how long a generation took: it ended between the last two looks at it.</summary>
    /// <param name="kind">What may have made it take longer or shorter.</param>
    /// <param name="eta">How many seconds the service expected it to take.</param>
    /// <param name="previousPoll">How long after the submission the last look but one was; zero without one.</param>
    /// <param name="lastPoll">How long after the submission the last look was.</param>
    internal void Learn(Kind kind, double? eta, TimeSpan previousPoll, TimeSpan lastPoll)
    {
        Observation[] past = GetHistory();
        double likely = Predict(past, kind, eta, previousPoll).MeanBetween(previousPoll.TotalSeconds, lastPoll.TotalSeconds);
        lock (_gate)
        {
            _earlyEnds = previousPoll == TimeSpan.Zero ? _earlyEnds + 1 : 0;
            if (_earlyEnds >= EarlyEndsUntilReset)
            {
                // The forecast would go on expecting what it expects, since nobody ever looks before.
                likely = Math.Min(likely, lastPoll.TotalSeconds / 2);
                for (int old = _history.Count / 2; old > 0; old--) _history.Dequeue();
            }

            double length = Math.Log(Math.Max(likely, MinInterval.TotalSeconds));
            _history.Enqueue(new Observation(kind, length, LogEta(eta) - length, lastPoll));
            if (_history.Count > HistoryLength) _history.Dequeue();
        }
    }

    /// <summary>
    /// How long a generation may well take of which nothing will be heard: twice the longest seen of late, and never less
    /// than ten seconds, since a few short ones do not tell how long the next one takes.
    /// </summary>
    internal TimeSpan GetAssumedDuration() => Clamp(
        TimeSpan.FromTicks(GetHistory().Select(past => past.MaxDuration.Ticks * 2).DefaultIfEmpty().Max()), MinAssumedDuration, MaxAssumedDuration);

    private static Forecast Predict(Observation[] history, Kind kind, double? eta, TimeSpan pendingFor)
    {
        double? word = LogEta(eta);
        double other = OtherKindWeight / (1 + history.Count(one => one.Kind == kind));
        var times = new Density(
            history.Select(one => (one.LogDuration, one.Kind == kind ? 1 : other)),
            Density.Normal(Math.Log(PriorSeconds), PriorDeviation), PriorDeviation);
        Density? errors = word is null ? null : new Density(
            history.Where(one => one.LogEtaError is not null).Select(one => (one.LogEtaError!.Value, 1.0)), Density.Cauchy(0, PriorEtaError), MaxEtaError);

        double[] lengths = [.. history.Select(one => one.LogDuration).DefaultIfEmpty(word ?? Math.Log(PriorSeconds)).OrderBy(length => length)];
        double slack = history.Length > 0 ? 1 : 3;
        // One that takes far longer than usual is no reason to look at it as closely as at a usual one.
        double usual = Math.Max(Math.Exp(lengths[lengths.Length / 2]), pendingFor.TotalSeconds / 2);
        return new Forecast(
            length => times.Evaluate(length) * (errors?.Evaluate(word!.Value - length) ?? 1),
            Math.Exp(lengths[0] - slack), Math.Exp(lengths[^1] + 2 * slack), PollCost * usual);
    }

    private static double? LogEta(double? eta) => eta is > 0 ? Math.Log(Math.Min(Math.Max(eta.Value, 0.02), 1e5)) : null;

    private static TimeSpan Clamp(TimeSpan value, TimeSpan min, TimeSpan max) => value < min ? min : value > max ? max : value;

    private Observation[] GetHistory()
    {
        lock (_gate) return [.. _history];
    }

    /// <summary>What may make a generation take longer or shorter.</summary>
    /// <param name="Steps">How many steps were asked for; null where the service decides.</param>
    /// <param name="Images">How many images were asked for.</param>
    internal readonly record struct Kind(int? Steps, int Images);

    /// <summary>A generation that has ended: how long it took and how wrong the service was, as logarithms; how long at most.</summary>
    private readonly record struct Observation(Kind Kind, double LogDuration, double? LogEtaError, TimeSpan MaxDuration);
}
