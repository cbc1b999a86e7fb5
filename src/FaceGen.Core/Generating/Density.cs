namespace FaceGen.Generating;

/// <summary>
/// A kernel density estimate with Silverman's rule for the bandwidth, and a prior distribution that has the weight of one
/// sample.
/// </summary>
internal sealed class Density
{
    private const double MinBandwidth = 0.04;

    private readonly (double Number, double Weight)[] _samples;
    private readonly Func<double, double> _prior;
    private readonly double _bandwidth;

    /// <param name="samples">The samples and their weights.</param>
    /// <param name="prior">The prior distribution.</param>
    /// <param name="maxDeviation">The largest standard deviation; also that of a single sample.</param>
    internal Density(IEnumerable<(double Number, double Weight)> samples, Func<double, double> prior, double maxDeviation)
    {
        _samples = [.. samples];
        _prior = prior;
        double weight = _samples.Sum(one => one.Weight);
        double mean = _samples.Sum(one => one.Weight * one.Number) / weight;
        double deviation = Math.Sqrt(_samples.Sum(one => one.Weight * (one.Number - mean) * (one.Number - mean)) / weight);
        // Silverman's rule would merge the two modes of a bimodal distribution: two thirds of its bandwidth do not.
        _bandwidth = Math.Max(MinBandwidth, 0.7 * (weight > 1 ? Math.Min(deviation, maxDeviation) : maxDeviation) * Math.Pow(Math.Max(weight, 1), -0.2));
    }

    /// <summary>Returns the density of a normal distribution.</summary>
    internal static Func<double, double> Normal(double mean, double deviation) => number => StandardNormal((number - mean) / deviation) / deviation;

    /// <summary>Returns the density of a Cauchy distribution, which has heavy tails.</summary>
    internal static Func<double, double> Cauchy(double location, double scale) =>
        number => 1 / (Math.PI * scale * (1 + (number - location) * (number - location) / (scale * scale)));

    /// <summary>Returns the density at a number, without normalization.</summary>
    internal double Evaluate(double number)
    {
        double sum = 0;
        foreach ((double sample, double weight) in _samples) sum += weight * StandardNormal((number - sample) / _bandwidth);

        return _prior(number) + sum / _bandwidth;
    }

    /// <summary>Returns the density of the standard normal distribution; 0 beyond nine deviations, where it is negligible.</summary>
    private static double StandardNormal(double x) => Math.Abs(x) < 9 ? Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI) : 0;
}
