namespace FaceGen.Benchmarks.Running;

/// <summary>The few numbers that stand for many.</summary>
internal static class Statistics
{
    internal static double Median(this IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
