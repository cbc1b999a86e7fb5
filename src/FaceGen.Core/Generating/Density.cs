namespace FaceGen.Generating;

/// <summary>
/// How likely a number is, judged by such numbers as were seen, each of them blurred because the next one will differ, and
/// by a guess that counts as much as one of them (a kernel density estimate, with Silverman's rule for the blur).
/// </summary>
internal sealed class Density
{
    private const double MinBandwidth = 0.04;

    private readonly (double Number, double Weight)[] _samples;
    private readonly Func<double, double> _prior;
    private readonly double _bandwidth;

    /// <param name="samples">The numbers that were seen, and how much each of them counts.</param>
    /// <param name="prior">How likely a number was thought to be before any was seen.</param>
    /// <param name="maxDeviation">How far numbers lie apart at most for all that is known.</param>
    internal Density(IEnumerable<(double Number, double Weight)> samples, Func<double, double> prior, double maxDeviation)
    {
        _samples = [.. samples];
        _prior = prior;
        double weight = _samples.Sum(one => one.Weight);
        double mean = _samples.Sum(one => one.Weight * one.Number) / weight;
        double deviation = Math.Sqrt(_samples.Sum(one => one.Weight * (one.Number - mean) * (one.Number - mean)) / weight);
        // One alone tells nothing of how far they lie apart. Silverman's rule would blur two humps into one: two thirds of it.
        _bandwidth = Math.Max(MinBandwidth, 0.7 * (weight > 1 ? Math.Min(deviation, maxDeviation) : maxDeviation) * Math.Pow(Math.Max(weight, 1), -0.2));
    }

    /// <summary>A normal distribution.</summary>
    internal static Func<double, double> Normal(double mean, double deviation) => number => StandardNormal((number - mean) / deviation) / deviation;

    /// <summary>Cauchy's distribution: what lies far off is unlikely, and not impossible.</summary>
    internal static Func<double, double> Cauchy(double location, double scale) =>
        number => 1 / (Math.PI * scale * (1 + (number - location) * (number - location) / (scale * scale)));

    /// <summary>How likely a number is; the sum over all numbers is the same for all of one density.</summary>
    internal double Evaluate(double number)
    {
        double sum = 0;
        foreach ((double seen, double weight) in _samples) sum += weight * StandardNormal((number - seen) / _bandwidth);

        return _prior(number) + sum / _bandwidth;
    }

    /// <summary>Beyond nine deviations it is nothing beside any guess.</summary>
    private static double StandardNormal(double x) => Math.Abs(x) < 9 ? Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI) : 0;
}
