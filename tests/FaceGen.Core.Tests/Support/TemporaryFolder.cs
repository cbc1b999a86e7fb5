namespace FaceGen.Core.Tests.Support;

/// <summary>A temporary folder of one test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal string FullName { get; } = Directory.CreateTempSubdirectory("facegen-core-").FullName;

    /// <summary>Gets the paths of all files below the folder, in order.</summary>
    internal IReadOnlyList<string> Files =>
        [.. Directory.EnumerateFiles(FullName, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(FullName, path)).Order(StringComparer.Ordinal)];

    internal string PathOf(string name) => Path.Combine(FullName, name.Replace('/', Path.DirectorySeparatorChar));

    internal string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(PathOf(name), bytes);
        return PathOf(name);
    }

    public void Dispose() => Directory.Delete(FullName, recursive: true);
}
