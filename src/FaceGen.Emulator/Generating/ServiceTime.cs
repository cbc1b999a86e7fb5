using System.Globalization;

namespace FaceGen.Emulator.Generating;

/// <summary>
/// How long the emulated service takes to generate: a fixed time or a distribution that is drawn from.
/// </summary>
public sealed class ServiceTime
{
    /// <summary>The longest service time that is ever drawn: one day.</summary>
    private const double MaxSeconds = 24 * 60 * 60;

    /// <summary>How far a bimodal time lies from its kind's own at most, as a share of it.</summary>
    private const double BimodalSpread = 0.1;

    private readonly string _text;
    private readonly Func<Random, int, double> _drawSeconds;

    private ServiceTime(string text, Func<Random, int, double> drawSeconds)
    {
        _text = text;
        _drawSeconds = drawSeconds;
    }

    /// <summary>No time at all: a submission is answered with its finished images.</summary>
    public static ServiceTime None { get; } = Fixed(TimeSpan.Zero);

    /// <summary>The same time for every generation.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative.</exception>
    public static ServiceTime Fixed(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        return new(Text($"fixed:{time.TotalSeconds}"), (_, _) => time.TotalSeconds);
    }

    /// <summary>Any time between two bounds, all equally likely.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A bound is negative, or the upper is below the lower.</exception>
    public static ServiceTime Uniform(TimeSpan min, TimeSpan max)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(min, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, min);
        return new(
            Text($"uniform:{min.TotalSeconds}-{max.TotalSeconds}"),
            (random, _) => min.TotalSeconds + (random.NextDouble() * (max - min).TotalSeconds));
    }

    /// <summary>Mostly near the median, now and then much longer, as real queues are.</summary>
    /// <param name="median">Half of the times are shorter than this.</param>
    /// <param name="sigma">The standard deviation of the time's natural logarithm; 0.4 is a calm service.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is negative.</exception>
    public static ServiceTime Lognormal(TimeSpan median, double sigma)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(median, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(sigma);
        return new(
            Text($"lognormal:{median.TotalSeconds}:{sigma}"),
            (random, _) => median.TotalSeconds * Math.Exp(sigma * NextNormal(random)));
    }

    /// <summary>Two kinds of requests, as where a picture is made at once or only after a model was loaded.</summary>
    /// <param name="fast">What most take, give or take a tenth.</param>
    /// <param name="slow">What the others take, give or take a tenth.</param>
    /// <param name="slowShare">The share of the others, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is negative, or a share is above 1.</exception>
    public static ServiceTime Bimodal(TimeSpan fast, TimeSpan slow, double slowShare)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fast, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(slow, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(slowShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slowShare, 1);
        return new(
            Text($"bimodal:{fast.TotalSeconds}:{slow.TotalSeconds}:{slowShare}"),
            (random, _) => (random.NextDouble() < slowShare ? slow : fast).TotalSeconds
                * (1 + (BimodalSpread * ((2 * random.NextDouble()) - 1))));
    }

    /// <summary>So much time for each inference step of the request.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="perStep"/> is negative.</exception>
    public static ServiceTime BySteps(TimeSpan perStep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perStep, TimeSpan.Zero);
        return new(Text($"steps:{perStep.TotalSeconds}"), (_, steps) => steps * perStep.TotalSeconds);
    }

    /// <summary>
    /// Reads a service time, all numbers in seconds: <c>fixed:1.5</c>, <c>uniform:1-3</c>, <c>lognormal:3:0.4</c>
    /// (median and sigma), <c>bimodal:2:9:0.25</c> (fast, slow, the share of the slow ones), <c>steps:0.05</c> (for each
    /// inference step).
    /// </summary>
    /// <exception cref="FormatException"><paramref name="text"/> is none of these.</exception>
    public static ServiceTime Parse(string text) => TryParse(text, out ServiceTime time)
        ? time
        : throw new FormatException(
            $"'{text}' is no service time. Examples: fixed:1.5, uniform:1-3, lognormal:3:0.4, bimodal:2:9:0.25, steps:0.05 (seconds).");

    /// <summary>Reads a service time as <see cref="Parse"/> does.</summary>
    /// <param name="text">The text to read.</param>
    /// <param name="time">What was read; <see cref="None"/> where nothing was.</param>
    /// <returns>Whether <paramref name="text"/> is a service time.</returns>
    public static bool TryParse(string text, out ServiceTime time)
    {
        ArgumentNullException.ThrowIfNull(text);

        string[] parts = text.Split(':', 2);
        string arguments = parts.Length == 2 ? parts[1] : "";
        ServiceTime? read = (parts[0], ParseNumbers(arguments, '-'), ParseNumbers(arguments, ':')) switch
        {
            ("fixed", [double seconds], _) => Fixed(TimeSpan.FromSeconds(seconds)),
            ("uniform", [double min, double max], _) when min <= max
                => Uniform(TimeSpan.FromSeconds(min), TimeSpan.FromSeconds(max)),
            ("lognormal", _, [double median, double sigma]) => Lognormal(TimeSpan.FromSeconds(median), sigma),
            ("bimodal", _, [double fast, double slow, <= 1 and double slowShare])
                => Bimodal(TimeSpan.FromSeconds(fast), TimeSpan.FromSeconds(slow), slowShare),
            ("steps", [double perStep], _) => BySteps(TimeSpan.FromSeconds(perStep)),
            _ => null,
        };
        time = read ?? None;
        return read is not null;
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => _text;

    internal TimeSpan Draw(Random random, int steps) =>
        TimeSpan.FromSeconds(Math.Min(_drawSeconds(random, steps), MaxSeconds));

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    /// <returns>The numbers, each from 0 to a day of seconds; null where a part is none.</returns>
    private static double[]? ParseNumbers(string text, char separator)
    {
        string[] parts = text.Split(separator);
        var numbers = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            bool read = double.TryParse(
                parts[i], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out numbers[i]);
            if (!read || numbers[i] is not (>= 0 and <= MaxSeconds))
                return null;
        }

        return numbers;
    }

    /// <summary>The Box-Muller transform: a standard normal number from two uniform ones.</summary>
    private static double NextNormal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
