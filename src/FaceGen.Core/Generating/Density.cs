namespace FaceGen.Generating;

/// <summary>
/// How likely a number is, judged by such numbers as were seen, each of them blurred because the next one will differ, and
/// by a guess that counts as much as one of them (a kernel density estimate, with Silverman's rule for the blur).
/// </summary>
internal sealed class Density
{
    private const double LeastBlur = 0.04;

    private readonly (double Number, double Weight)[] _seen;
    private readonly Func<double, double> _guess;
    private readonly double _blur;

    /// <param name="seen">The numbers that were seen, and how much each of them counts.</param>
    /// <param name="guess">How likely a number was thought to be before any was seen.</param>
    /// <param name="spread">How far numbers lie apart at most for all that is known.</param>
    internal Density(IEnumerable<(double Number, double Weight)> seen, Func<double, double> guess, double spread)
    {
        _seen = [.. seen];
        _guess = guess;
        double weight = _seen.Sum(one => one.Weight);
        double mean = _seen.Sum(one => one.Weight * one.Number) / weight;
        double deviation = Math.Sqrt(_seen.Sum(one => one.Weight * (one.Number - mean) * (one.Number - mean)) / weight);
        // One alone tells nothing of how far they lie apart. Silverman's rule would blur two humps into one: two thirds of it.
        _blur = Math.Max(LeastBlur, 0.7 * (weight > 1 ? Math.Min(deviation, spread) : spread) * Math.Pow(Math.Max(weight, 1), -0.2));
    }

    /// <summary>A normal distribution.</summary>
    internal static Func<double, double> Normal(double mean, double deviation) => number => Bell((number - mean) / deviation) / deviation;

    /// <summary>Cauchy's distribution: what lies far off is unlikely, and not impossible.</summary>
    internal static Func<double, double> Cauchy(double middle, double width) =>
        number => 1 / (Math.PI * width * (1 + (number - middle) * (number - middle) / (width * width)));

    /// <summary>How likely a number is; the sum over all numbers is the same for all of one density.</summary>
    internal double At(double number)
    {
        double sum = 0;
        foreach ((double seen, double weight) in _seen) sum += weight * Bell((number - seen) / _blur);

        return _guess(number) + sum / _blur;
    }

    /// <summary>Beyond nine deviations it is nothing beside any guess.</summary>
    private static double Bell(double x) => Math.Abs(x) < 9 ? Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI) : 0;
}
