using System.Globalization;

namespace FaceGen.Benchmarks.Running;

/// <summary>A measurement. It does its work, verifies that it was done, and returns rows of the table.</summary>
internal abstract class Benchmark
{
    /// <summary>Gets the name on the command line.</summary>
    internal abstract string Name { get; }

    /// <summary>Gets what is measured, in one line.</summary>
    internal abstract string Summary { get; }

    /// <summary>Runs the measurement.</summary>
    /// <exception cref="BenchmarkException">The work was not done, so that there is nothing to measure.</exception>
    internal abstract Task<IReadOnlyList<Row>> RunAsync(BenchmarkRun run);
}

/// <summary>The shared settings of a run.</summary>
internal sealed class BenchmarkRun : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("facegen-benchmarks-");
    private readonly List<string> _notes = [];

    /// <summary>True if all sizes are tiny: the run shows that the benchmarks work, and its numbers mean nothing.</summary>
    internal required bool IsSmoke { get; init; }

    /// <summary>Gets the seed of service times and other random values.</summary>
    internal required int Seed { get; init; }

    /// <summary>Gets the notes below the table.</summary>
    internal IReadOnlyList<string> Notes => _notes;

    /// <summary>Returns the real value, or the small one in a smoke run.</summary>
    internal T Choose<T>(T real, T smoke) => IsSmoke ? smoke : real;

    /// <summary>Creates an empty folder that is deleted with the run.</summary>
    internal string NewFolder() => _folder.CreateSubdirectory(Guid.NewGuid().ToString("N")).FullName;

    /// <summary>Adds a note below the table; a duplicate is ignored.</summary>
    internal void AddNote(string text)
    {
        if (!_notes.Contains(text)) _notes.Add(text);
    }

    /// <summary>Writes progress to standard error.</summary>
    internal static void WriteProgress(string line) => Console.Error.WriteLine(line);

    public void Dispose() => _folder.Delete(recursive: true);
}

/// <summary>The work to be measured was not done.</summary>
internal sealed class BenchmarkException(string message) : Exception(message)
{
    /// <summary>Throws unless the expected amount of work was done.</summary>
    internal static void ThrowIfDifferent(long expected, long actual, string what)
    {
        if (actual != expected) throw new BenchmarkException($"Expected {expected} {what}, got {actual}.");
    }
}

/// <summary>
/// Creates prompts that each stand for one request, so that the service's random draws are equal for every client.
/// </summary>
internal static class Prompts
{
    /// <summary>Returns numbered prompts; the order of submission is also the order of the text.</summary>
    internal static IReadOnlyList<string> Numbered(int count, string prefix = "portrait") =>
        [.. Enumerable.Range(1, count).Select(number => string.Create(CultureInfo.InvariantCulture, $"{prefix} {number:0000000}"))];
}
