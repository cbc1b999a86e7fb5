namespace FaceGen.Benchmarks.Running;

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
