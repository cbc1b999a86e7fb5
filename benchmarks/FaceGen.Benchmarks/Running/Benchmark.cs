using System.Globalization;

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

/// <summary>What all benchmarks of a run share.</summary>
internal sealed class BenchmarkRun : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("facegen-benchmarks-");
    private readonly List<string> _notes = [];

    /// <summary>Whether everything is tiny: it shows that the benchmarks work, and no figure of it means anything.</summary>
    internal required bool IsSmoke { get; init; }

    /// <summary>Seeds the service times and whatever else is drawn.</summary>
    internal required int Seed { get; init; }

    /// <summary>What a reader of the table should know.</summary>
    internal IReadOnlyList<string> Notes => _notes;

    /// <summary>A size: the real one, or the tiny one of a smoke run.</summary>
    internal T Choose<T>(T real, T smoke) => IsSmoke ? smoke : real;

    /// <summary>An empty folder, which goes away with the run.</summary>
    internal string NewFolder() => _folder.CreateSubdirectory(Guid.NewGuid().ToString("N")).FullName;

    /// <summary>Adds a note below the table; the same one only once.</summary>
    internal void AddNote(string text)
    {
        if (!_notes.Contains(text)) _notes.Add(text);
    }

    /// <summary>Tells a person who waits what is going on.</summary>
    internal static void WriteProgress(string line) => Console.Error.WriteLine(line);

    public void Dispose() => _folder.Delete(recursive: true);
}

/// <summary>What was to be measured did not happen.</summary>
internal sealed class BenchmarkException(string message) : Exception(message)
{
    /// <summary>Makes sure that as much was done as was to be done.</summary>
    internal static void ThrowIfDifferent(long expected, long actual, string what)
    {
        if (actual != expected) throw new BenchmarkException($"{actual} instead of {expected} {what}.");
    }
}

/// <summary>Prompts that each stand for one request, so that what the service draws for it is the same whoever asks.</summary>
internal static class Prompts
{
    /// <summary>The prompts in the order of submission, which is the order of their text as well.</summary>
    internal static IReadOnlyList<string> Numbered(int count, string prefix = "portrait") =>
        [.. Enumerable.Range(1, count).Select(number => string.Create(CultureInfo.InvariantCulture, $"{prefix} {number:0000000}"))];
}
