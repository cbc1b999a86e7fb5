namespace FaceGen.Benchmarks.Running;

/// <summary>What was to be measured did not happen.</summary>
internal sealed class BenchmarkException(string message) : Exception(message)
{
    /// <summary>Makes sure that as much was done as was to be done.</summary>
    internal static void ThrowIfDifferent(long expected, long actual, string what)
    {
        if (actual != expected) throw new BenchmarkException($"{actual} instead of {expected} {what}.");
    }
}
