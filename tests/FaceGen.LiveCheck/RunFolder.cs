using System.Globalization;
using System.Text;
using FaceGen.Saving;

namespace FaceGen.LiveCheck;

/// <summary>The folder of one run: the report, the images, and a private list of what was submitted.</summary>
internal sealed class RunFolder
{
    private readonly string _submissions;

    /// <summary>Creates a new folder.</summary>
    /// <param name="parent">The folder for the folders of all runs.</param>
    internal RunFolder(string parent)
    {
        string name = DateTime.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        string path = Path.GetFullPath(Path.Combine(parent, name));
        for (int i = 2; Directory.Exists(path); i++) path = Path.GetFullPath(Path.Combine(parent, $"{name}-{i}"));
        FullName = path;
        _submissions = Path.Combine(path, "submissions.txt");
        FileStorage.System.EnsureFolder(path);
    }

    internal string FullName { get; }

    /// <summary>Appends a line to <c>submissions.txt</c>. It is on the disk when the method returns.</summary>
    internal void Record(string line)
    {
        using var file = new FileStream(_submissions, FileMode.Append, FileAccess.Write, FileShare.Read);
        file.Write(Encoding.UTF8.GetBytes($"{DateTime.UtcNow:u} {line}{Environment.NewLine}"));
        file.Flush(flushToDisk: true);
        FileStorage.System.FlushFolder(FullName);
    }

    /// <summary>Writes a file completely or not at all.</summary>
    /// <returns>The path.</returns>
    internal string Write(string name, byte[] content)
    {
        string path = Path.Combine(FullName, name);
        AtomicFile.Write(FileStorage.System, path, content, replace: false);
        return path;
    }
}
