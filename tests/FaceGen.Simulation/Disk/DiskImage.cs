using Microsoft.Win32.SafeHandles;

namespace FaceGen.Simulation.Disk;

/// <summary>The state of a simulated disk at one moment.</summary>
/// <param name="unflushedNames">The changes of names that are not durable, in their order.</param>
internal sealed class DiskImage(IReadOnlyList<NameChange> unflushedNames)
{
    /// <summary>Gets the files and folders by their names below the root.</summary>
    internal Dictionary<string, DiskNode> Names { get; private init; } = new(StringComparer.Ordinal);

    /// <summary>Gets the changes of names that are not durable, in their order.</summary>
    internal IReadOnlyList<NameChange> UnflushedNames { get; } = unflushedNames;

    internal Dictionary<DiskNode, DiskContent> Contents { get; private init; } = [];

    internal static DiskContent ReadFile(FileInfo file)
    {
        using SafeFileHandle handle = UnixFile.OpenToRead(file.FullName);
        var bytes = new byte[RandomAccess.GetLength(handle)];
        int count = RandomAccess.Read(handle, bytes, 0);
        return count == bytes.Length
            ? new DiskContent(bytes, file.UnixFileMode, file.LastWriteTimeUtc)
            : throw new IOException($"'{file.FullName}' changed while it was read.");
    }

    /// <summary>Returns the state after a loss of power.</summary>
    internal DiskImage LosePower(Func<int, int> choose)
    {
        var names = new Dictionary<string, DiskNode>(Names, StringComparer.Ordinal);
        var lost = new HashSet<NameChange>(ReferenceEqualityComparer.Instance);
        foreach (IGrouping<string, NameChange> folder in UnflushedNames.GroupBy(change => change.Folder))
            lost.UnionWith(folder.Skip(choose(folder.Count() + 1)));
        foreach (NameChange change in UnflushedNames.Reverse().Where(lost.Contains)) Undo(names, change);
        // The memory that SQLite shares between connections is created again.
        foreach (string name in names.Keys.Where(name => name.EndsWith("-shm", StringComparison.Ordinal)).ToList()) names.Remove(name);

        var contents = new Dictionary<DiskNode, DiskContent>();
        foreach (DiskNode node in names.Values.Distinct().OrderBy(node => node.Order))
        {
            DiskContent content = node.Removed ?? Contents[node];
            contents.Add(node, node.HasUnflushed ? content with { Bytes = node.LosePower(content.Bytes!, choose) } : content);
        }

        return new DiskImage([]) { Names = names, Contents = contents };
    }

    /// <summary>Writes the files into a folder.</summary>
    internal void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        Dictionary<DiskNode, string> written = [];
        foreach ((string name, DiskNode node) in Names.OrderBy(item => item.Key, StringComparer.Ordinal))
        {
            string path = Path.Combine(folder, name);
            if (!written.TryAdd(node, path)) UnixFile.Link(written[node], path);
            else if (Contents[node] is { Bytes: { } bytes } content) WriteFile(path, bytes, content);
            else Directory.CreateDirectory(path);
        }
    }

    private static void WriteFile(string path, byte[] bytes, DiskContent content)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = content.Mode;
        using var file = new FileStream(path, options);
        RandomAccess.Write(file.SafeFileHandle, bytes, 0);
        File.SetLastWriteTimeUtc(file.SafeFileHandle, content.WrittenAt);
    }

    private void Undo(Dictionary<string, DiskNode> names, NameChange change)
    {
        // Code that does not use the disk may have changed the name since.
        if (names.GetValueOrDefault(change.Name) != change.After) return;

        Set(change.Name, change.Before);
        if (change.Former is { } former && !names.ContainsKey(former)) Set(former, change.After);

        void Set(string name, DiskNode? node)
        {
            if (node is not null && (node.Removed is not null || Contents.ContainsKey(node)))
            {
                names[name] = node;
                return;
            }

            names.Remove(name);
            foreach (string below in names.Keys.Where(key => key.StartsWith(name + "/", StringComparison.Ordinal)).ToList()) names.Remove(below);
        }
    }
}
