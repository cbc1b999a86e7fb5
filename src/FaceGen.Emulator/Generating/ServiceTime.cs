using System.Globalization;

namespace FaceGen.Emulator.Generating;

/// <summary>The time that the emulated service takes for a generation: fixed or drawn from a distribution.</summary>
public sealed class ServiceTime
{
    /// <summary>The longest time that is drawn: one day.</summary>
    private const double MaxSeconds = 24 * 60 * 60;

    /// <summary>The largest deviation of a bimodal time from its mode, as a share.</summary>
    private const double BimodalSpread = 0.1;

    private readonly string _text;
    private readonly Func<Random, int, double> _drawSeconds;

    private ServiceTime(string text, Func<Random, int, double> drawSeconds)
    {
        _text = text;
        _drawSeconds = drawSeconds;
    }

    /// <summary>Gets the service time zero: the response to a submission has the images.</summary>
    public static ServiceTime None { get; } = Fixed(TimeSpan.Zero);

    /// <summary>Creates a fixed time.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative.</exception>
    public static ServiceTime Fixed(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        return new(Text($"fixed:{time.TotalSeconds}"), (_, _) => time.TotalSeconds);
    }

    /// <summary>Creates a uniform distribution between two bounds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A bound is negative, or the upper is below the lower.</exception>
    public static ServiceTime Uniform(TimeSpan min, TimeSpan max)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(min, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, min);
        return new(
            Text($"uniform:{min.TotalSeconds}-{max.TotalSeconds}"),
            (random, _) => min.TotalSeconds + (random.NextDouble() * (max - min).TotalSeconds));
    }

    /// <summary>Creates a log-normal distribution: mostly near the median, sometimes much longer, as in real queues.</summary>
    /// <param name="median">The median time.</param>
    /// <param name="sigma">The standard deviation of the time's natural logarithm; 0.4 is a steady service.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is negative.</exception>
    public static ServiceTime Lognormal(TimeSpan median, double sigma)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(median, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(sigma);
        return new(
            Text($"lognormal:{median.TotalSeconds}:{sigma}"),
            (random, _) => median.TotalSeconds * Math.Exp(sigma * NextNormal(random)));
    }

    /// <summary>
    /// Creates a distribution with two modes, such as requests that must first load a model and those that need not.
    /// </summary>
    /// <param name="fast">The time of most requests, plus or minus a tenth.</param>
    /// <param name="slow">The time of the other requests, plus or minus a tenth.</param>
    /// <param name="slowShare">The share of the slow requests, 0 to 1.</param>
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

    /// <summary>Creates a time in proportion to the request's inference steps.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="perStep"/> is negative.</exception>
    public static ServiceTime BySteps(TimeSpan perStep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perStep, TimeSpan.Zero);
        return new(Text($"steps:{perStep.TotalSeconds}"), (_, steps) => steps * perStep.TotalSeconds);
    }

    /// <summary>
    /// Parses a service time, all numbers in seconds: <c>fixed:1.5</c>, <c>uniform:1-3</c>, <c>lognormal:3:0.4</c>
    /// (median and sigma), <c>bimodal:2:9:0.25</c> (fast, slow, share of slow), <c>steps:0.05</c> (per inference step).
    /// </summary>
    /// <exception cref="FormatException"><paramref name="text"/> is not a service time.</exception>
    public static ServiceTime Parse(string text) => TryParse(text, out ServiceTime time)
        ? time
        : throw new FormatException(
            $"'{text}' is not a service time. Examples: fixed:1.5, uniform:1-3, lognormal:3:0.4, bimodal:2:9:0.25, steps:0.05 (seconds).");

    /// <summary>Parses a service time as <see cref="Parse"/> does.</summary>
    /// <param name="text">The text to parse.</param>
    /// <param name="time">The service time; <see cref="None"/> if the text is invalid.</param>
    /// <returns>True if <paramref name="text"/> is a service time.</returns>
    public static bool TryParse(string text, out ServiceTime time)
    {
        ArgumentNullException.ThrowIfNull(text);

        string[] parts = text.Split(':', 2);
        string arguments = parts.Length == 2 ? parts[1] : "";
        ServiceTime? parsed = (parts[0], ParseNumbers(arguments, '-'), ParseNumbers(arguments, ':')) switch
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
        time = parsed ?? None;
        return parsed is not null;
    }

    /// <summary>Returns the text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => _text;

    internal TimeSpan Draw(Random random, int steps) =>
        TimeSpan.FromSeconds(Math.Min(_drawSeconds(random, steps), MaxSeconds));

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    /// <summary>Parses numbers from 0 to a day of seconds.</summary>
    /// <returns>The numbers; null if a part is invalid.</returns>
    private static double[]? ParseNumbers(string text, char separator)
    {
        string[] parts = text.Split(separator);
        var numbers = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            bool isNumber = double.TryParse(
                parts[i], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out numbers[i]);
            if (!isNumber || numbers[i] is not (>= 0 and <= MaxSeconds))
                return null;
        }

        return numbers;
    }

    /// <summary>Returns a standard normal number (Box-Muller transform).</summary>
    private static double NextNormal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
