using System.Collections.Concurrent;
using FaceGen.Contract;

namespace FaceGen.Saving;

/// <summary>The names that a script has given to generations, made valid on every file system. A slash separates folders.</summary>
internal sealed class ScriptedFileNames : FileNameTemplate
{
    private readonly ConcurrentDictionary<(string? Account, string Id), string[]> _segments = new();

    /// <summary>True, because a name may contain folders.</summary>
    internal override bool HasFolders => true;

    /// <summary>Sets the name of a generation.</summary>
    /// <exception cref="FaceGenException">The name is empty, or leads out of the folder.</exception>
    internal void Set(Generation generation, string name) => _segments[(generation.Account, generation.Id)] = Parse(name);

    /// <summary>Returns the names of the folders and of the file.</summary>
    /// <exception cref="FaceGenException">The name is empty, or leads out of the folder.</exception>
    internal static string[] Parse(string name)
    {
        string[] segments = name.Split('/', '\\');
        return segments.Any(segment => segment.Trim() is "" or "." or "..")
            ? throw CreateInvalidError($"'{DisplayText.Clean(name, 100)}' does not name a file inside the folder. Leave out empty names and '..'.")
            : [.. segments.Select(ToSafeName)];
    }

    /// <inheritdoc/>
    private protected override string[] ExpandSegments(Generation generation, int index) => [.. _segments[(generation.Account, generation.Id)]];
}
