namespace FaceGen.Generating;

/// <summary>
/// When to look at a generation, learnt from how long the account's generations have taken so far and how wrong the
/// service's own word was: that is in whole seconds, often wrong, and sometimes missing.
/// </summary>
internal sealed class Pace
{
    /// <summary>How many of the last generations are remembered.</summary>
    private const int Memory = 64;

    /// <summary>How much a generation of other steps or another number of images counts, until one of the same is known.</summary>
    private const double OtherKind = 0.3;

    /// <summary>What a look is worth: this part of a usual generation's time. It makes three looks at most generations.</summary>
    private const double PriceOfLook = 0.039;

    /// <summary>How many in a row may have ended before the first look until the service is thought to have become faster.</summary>
    private const int Faster = 4;

    /// <summary>What is thought before anything is known: about five seconds, and it may well be a fifth or five times of that.</summary>
    private const double GuessedSeconds = 5, GuessedSpread = 1.2;

    /// <summary>How wrong the service's word is thought to be before anything is known: by a quarter, or far more.</summary>
    private const double GuessedError = 0.25, LargestError = 1;

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestGuess = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestLongTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestLongTime = TimeSpan.FromMinutes(2);

    private readonly object _gate = new();
    private readonly Queue<Past> _past = new();
    private int _early;

    /// <summary>The wait before the next look at a generation.</summary>
    /// <param name="kind">What may make it take longer or shorter.</param>
    /// <param name="eta">How many seconds the service expects it to take; null where it does not say.</param>
    /// <param name="unended">How long after the submission it had not ended yet: zero before the first look.</param>
    /// <param name="now">How long ago it was submitted.</param>
    internal TimeSpan BeforeLook(Kind kind, double? eta, TimeSpan unended, TimeSpan now)
    {
        Past[] past = Remembered();
        double wait = Foresee(past, kind, eta, unended).NextLook(unended.TotalSeconds, now.TotalSeconds) - now.TotalSeconds;
        // A guess, or the service's word alone, is not trusted for long.
        TimeSpan most = past.Length > 0 ? Longest : now > LongestGuess ? now : LongestGuess;
        return Clamp(TimeSpan.FromSeconds(Math.Min(wait, Longest.TotalSeconds)), Shortest, most < Longest ? most : Longest);
    }

    /// <summary>Takes in how long a generation took: it ended between the last two looks at it.</summary>
    /// <param name="kind">What may have made it take longer or shorter.</param>
    /// <param name="eta">How many seconds the service expected it to take.</param>
    /// <param name="before">How long after the submission the last look but one was; zero without one.</param>
    /// <param name="after">How long after the submission the last look was.</param>
    internal void Learn(Kind kind, double? eta, TimeSpan before, TimeSpan after)
    {
        Past[] past = Remembered();
        double likely = Foresee(past, kind, eta, before).Between(before.TotalSeconds, after.TotalSeconds);
        lock (_gate)
        {
            _early = before == TimeSpan.Zero ? _early + 1 : 0;
            if (_early >= Faster)
            {
                // The forecast would go on expecting what it expects, since nobody ever looks before.
                likely = Math.Min(likely, after.TotalSeconds / 2);
                for (int old = _past.Count / 2; old > 0; old--) _past.Dequeue();
            }

            double length = Math.Log(Math.Max(likely, Shortest.TotalSeconds));
            _past.Enqueue(new Past(kind, length, Logarithm(eta) - length, after));
            if (_past.Count > Memory) _past.Dequeue();
        }
    }

    /// <summary>
    /// How long a generation may well take of which nothing will be heard: twice the longest seen of late, and never less
    /// than ten seconds, since a few short ones do not tell how long the next one takes.
    /// </summary>
    internal TimeSpan LongTime() => Clamp(
        TimeSpan.FromTicks(Remembered().Select(past => past.Most.Ticks * 2).DefaultIfEmpty().Max()), ShortestLongTime, LongestLongTime);

    private static Forecast Foresee(Past[] past, Kind kind, double? eta, TimeSpan unended)
    {
        double? word = Logarithm(eta);
        double other = OtherKind / (1 + past.Count(one => one.Kind == kind));
        var times = new Density(
            past.Select(one => (one.Length, one.Kind == kind ? 1 : other)),
            Density.Normal(Math.Log(GuessedSeconds), GuessedSpread), GuessedSpread);
        Density? errors = word is null ? null : new Density(
            past.Where(one => one.Error is not null).Select(one => (one.Error!.Value, 1.0)), Density.Cauchy(0, GuessedError), LargestError);

        double[] lengths = [.. past.Select(one => one.Length).DefaultIfEmpty(word ?? Math.Log(GuessedSeconds)).OrderBy(length => length)];
        double slack = past.Length > 0 ? 1 : 3;
        // One that takes far longer than usual is no reason to look at it as closely as at a usual one.
        double usual = Math.Max(Math.Exp(lengths[lengths.Length / 2]), unended.TotalSeconds / 2);
        return new Forecast(
            length => times.At(length) * (errors?.At(word!.Value - length) ?? 1),
            Math.Exp(lengths[0] - slack), Math.Exp(lengths[^1] + 2 * slack), PriceOfLook * usual);
    }

    private static double? Logarithm(double? eta) => eta is > 0 ? Math.Log(Math.Min(Math.Max(eta.Value, 0.02), 1e5)) : null;

    private static TimeSpan Clamp(TimeSpan wait, TimeSpan least, TimeSpan most) => wait < least ? least : wait > most ? most : wait;

    private Past[] Remembered()
    {
        lock (_gate) return [.. _past];
    }

    /// <summary>What may make a generation take longer or shorter.</summary>
    /// <param name="Steps">How many steps were asked for; null where the service decides.</param>
    /// <param name="Images">How many images were asked for.</param>
    internal readonly record struct Kind(int? Steps, int Images);

    /// <summary>A generation that has ended: how long it took and how wrong the service was, as logarithms; how long at most.</summary>
    private readonly record struct Past(Kind Kind, double Length, double? Error, TimeSpan Most);
}
