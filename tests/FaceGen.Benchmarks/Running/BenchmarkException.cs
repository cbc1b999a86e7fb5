namespace FaceGen.Benchmarks.Running;

/// <summary>What was to be measured did not happen.</summary>
internal sealed class BenchmarkException(string message) : Exception(message)
{
    /// <summary>Makes sure that as much was done as was to be done.</summary>
    internal static void ThrowUnless(long expected, long done, string what)
    {
        if (done != expected) throw new BenchmarkException($"{done} instead of {expected} {what}.");
    }
}
