namespace FaceGen.Benchmarks.Running;

/// <summary>One measurement: it does its work, makes sure that it was done, and gives the table's rows.</summary>
internal abstract class Benchmark
{
    /// <summary>What it is called on the command line.</summary>
    internal abstract string Name { get; }

    /// <summary>What it measures, in a line.</summary>
    internal abstract string Summary { get; }

    /// <summary>Measures.</summary>
    /// <exception cref="BenchmarkException">The work was not done, so that there is nothing to measure.</exception>
    internal abstract Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run);
}
