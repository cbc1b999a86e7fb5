using System.Diagnostics;
using System.Text.RegularExpressions;

namespace FaceGen.Simulation.Disk;

/// <summary>
/// The disk of one simulated process: real files below a folder, whose operations can fail or end the process, and which
/// knows what would survive a loss of power.
/// </summary>
/// <remarks>
/// SQLite (by <see cref="SqliteVfs"/>) and the images' files (by <see cref="SimulatedFiles"/>) use it. Changes of other
/// code below the folder are visible, because the files are real, and durable at once.
/// </remarks>
internal sealed partial class SimulatedDisk : IDisposable
{
    private static readonly Lazy<string> Folders = new(CleanFolders);
    private static int _folders;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, DiskNode> _nodes = [];
    private readonly List<NameChange> _unflushedNames = [];
    private DiskImage? _imageAtDeath;
    private volatile bool _isDead;
    private int _nodesMet;

    /// <summary>Creates the disk of a process that begins.</summary>
    /// <param name="root">The folder, which contains the files of earlier processes; it is created if it does not exist, and is not below
    /// that of another disk.</param>
    internal SimulatedDisk(string root)
    {
        Directory.CreateDirectory(root);
        Root = SqliteVfs.Register(this, Path.GetFullPath(root));
    }

    /// <summary>Gets or sets the function that decides, before each operation, how it ends. A disk that is dead does not call it.</summary>
    /// <remarks>It is called on the thread of the operation, which may wait in it. SQLite's caller cannot get an exception from it.</remarks>
    internal Func<DiskOperation, DiskFault> OnOperation { get; set; } = _ => DiskFault.None;

    /// <summary>Gets the folder, without symbolic links in its path.</summary>
    internal string Root { get; }

    /// <summary>True if the process has died: each operation fails and changes nothing.</summary>
    internal bool IsDead => _isDead;

    /// <summary>Returns the path of a new folder for the disks of a test, in memory where the system has such a file system.</summary>
    internal static string NewFolder() =>
        Directory.CreateDirectory(Path.Combine(Folders.Value, FormattableString.Invariant($"facegen-disk-{Environment.ProcessId}-{Interlocked.Increment(ref _folders)}"))).FullName;

    /// <summary>Finds the parent of the folders and deletes those of processes that were killed.</summary>
    private static string CleanFolders()
    {
        const string Memory = "/dev/shm";
        string parent = Directory.Exists(Memory) ? Memory : Path.GetTempPath();
        foreach (string left in Directory.EnumerateDirectories(parent, "facegen-disk-*"))
            if (int.TryParse(Path.GetFileName(left).Split('-')[2], out int process) && (process == Environment.ProcessId || !IsRunning(process))) Directory.Delete(left, recursive: true);
        return parent;
    }

    private static bool IsRunning(int process)
    {
        try
        {
            using Process running = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Lets the process die now.</summary>
    internal void Kill()
    {
        // Abandoned code can still use its open files and known paths, so the state for the next process is read now.
        lock (_gate)
        {
            if (_isDead) return;

            _imageAtDeath = Read();
            _isDead = true;
        }
    }

    /// <summary>
    /// Kills the process, if it lives, and returns the disk of the next one in another folder. It finds all writes; those that were
    /// not flushed can still be lost in a loss of power.
    /// </summary>
    /// <param name="folder">The folder, which must be empty; it is created if it does not exist.</param>
    internal SimulatedDisk Restart(string folder)
    {
        Kill();
        lock (_gate)
        {
            DiskImage image = ImageAtDeath();
            image.Write(folder);
            var next = new SimulatedDisk(folder);
            next.Inherit(image, _nodesMet);
            return next;
        }
    }

    /// <summary>Writes what a new process would find into another folder.</summary>
    /// <param name="folder">The folder, which is created if it does not exist.</param>
    /// <param name="powerIsLost">
    /// False if the process was killed, so that the next one finds all that was written; true if the machine lost its power,
    /// so that it finds what was flushed, and of the rest what is chosen.
    /// </param>
    /// <param name="choose">
    /// Returns a number from 0 to its argument minus 1, where 0 means that nothing survived and the highest number that everything
    /// did: first how many of the unflushed changes of each folder's names, then for each file with unflushed writes which
    /// version of each sector of 512 bytes and of the length.
    /// </param>
    internal void CopyTo(string folder, bool powerIsLost, Func<int, int> choose)
    {
        DiskImage image;
        lock (_gate) image = _isDead ? ImageAtDeath() : Read();
        if (powerIsLost) image = image.LosePower(choose);
        image.Write(folder);
    }

    /// <summary>Ends the process and the routing of SQLite's files. The folder is left.</summary>
    public void Dispose()
    {
        lock (_gate) _isDead = true;
        SqliteVfs.Unregister(this);
    }

    /// <summary>Returns the name of a file by its path below the root; null if the path is elsewhere.</summary>
    internal string? NameOf(string path)
    {
        if (path == Root) return "";

        return path.StartsWith(Root, StringComparison.Ordinal) && path[Root.Length] == '/' ? path[(Root.Length + 1)..] : null;
    }

    /// <summary>Performs an operation, or the part of it that the chosen fault leaves.</summary>
    /// <param name="action">What it does.</param>
    /// <param name="name">The name of the file.</param>
    /// <param name="work">Performs it; a write gets the number of bytes to write.</param>
    /// <param name="offset">Where it reads or writes.</param>
    /// <param name="length">How many bytes it reads or writes.</param>
    /// <param name="onFailure">Applies the other changes of a failure; null for none.</param>
    /// <returns>Why it has failed; no error if the work was done.</returns>
    internal DiskError Do(DiskAction action, string name, Action<int> work, long offset = 0, int length = 0, Action? onFailure = null)
    {
        if (IsDead) return DiskError.InputOutput;

        string stable = name.EndsWith(".part", StringComparison.Ordinal) ? Temporary().Replace(name, ".*.part") : name;
        DiskFault fault = OnOperation(new DiskOperation(action, stable, offset, length));
        lock (_gate)
        {
            if (IsDead) return DiskError.InputOutput;

            if (fault.Error == DiskError.None) work(length);
            else if (action == DiskAction.Write && fault.Bytes > 0) work(Math.Min(fault.Bytes, length));
            if (fault.Error != DiskError.None && !fault.IsCut) onFailure?.Invoke();
            if (fault.IsCut) Kill();
            return fault.Error;
        }
    }

    /// <summary>Performs work that is not an operation: it fails only if the disk is dead.</summary>
    /// <returns>False if the disk is dead and nothing was done.</returns>
    internal bool DoUncounted(Action work)
    {
        lock (_gate)
        {
            if (IsDead) return false;

            work();
            return true;
        }
    }

    /// <summary>Returns the file or folder of a name.</summary>
    /// <exception cref="FileNotFoundException">It does not exist.</exception>
    internal DiskNode Node(string name)
    {
        ulong number = UnixFile.Number(PathOf(name));
        if (number == 0) throw new FileNotFoundException($"Could not find '{PathOf(name)}'.");

        if (!_nodes.TryGetValue(number, out DiskNode? node)) _nodes.Add(number, node = new DiskNode(number, _nodesMet++));
        return node;
    }

    internal bool Exists(string name) => UnixFile.Number(PathOf(name)) != 0;

    /// <summary>Records the name of a new file or folder.</summary>
    internal DiskNode NoteCreated(string name)
    {
        // Code that does not use the disk may have deleted a file of the same number.
        _nodes.Remove(UnixFile.Number(PathOf(name)));
        DiskNode node = Node(name);
        _unflushedNames.Add(new NameChange(name, null, node));
        return node;
    }

    /// <summary>Records a new name of a file; called before the change.</summary>
    /// <param name="from">The file's name.</param>
    /// <param name="to">The other name.</param>
    /// <returns>The function that completes the record after the change; its argument is true if the file has kept the former name.</returns>
    internal Action<bool> NoteRename(string from, string to)
    {
        DiskNode node = Node(from);
        DiskNode? replaced = Exists(to) ? Node(to) : null;
        DiskContent? content = replaced?.Names == 1 ? ReadContent(to) : null;
        return hasKept =>
        {
            if (replaced is not null) NoteNameGone(replaced, content);
            if (hasKept) node.Names++;
            _unflushedNames.Add(new NameChange(to, replaced, node, hasKept ? null : from));
        };
    }

    /// <summary>Records that a name of a file or folder is removed; called before the change.</summary>
    /// <returns>The function that completes the record after the change.</returns>
    internal Action NoteDelete(string name, bool isFolder = false)
    {
        DiskNode node = Node(name);
        DiskContent? content = isFolder ? DiskContent.Folder : node.Names == 1 ? ReadContent(name) : null;
        return () =>
        {
            NoteNameGone(node, content);
            _unflushedNames.Add(new NameChange(name, node, null));
        };
    }

    /// <summary>Makes the names in a folder durable.</summary>
    internal void FlushNames(string folder) => _unflushedNames.RemoveAll(change => change.Folder == folder);

    /// <summary>Returns the folder of a name; empty for the root.</summary>
    internal static string FolderOf(string name) => name.LastIndexOf('/') is >= 0 and int end ? name[..end] : "";

    internal string PathOf(string name) => name.Length == 0 ? Root : $"{Root}/{name}";

    private void NoteNameGone(DiskNode node, DiskContent? content)
    {
        if (--node.Names > 0) return;

        node.NoteRemoved(content!);
        // The system may give the number to another file.
        _nodes.Remove(node.Number);
    }

    private DiskContent ReadContent(string name) => DiskImage.ReadFile(new FileInfo(PathOf(name)));

    private DiskImage ImageAtDeath() => _imageAtDeath ?? throw new ObjectDisposedException(nameof(SimulatedDisk));

    private void Inherit(DiskImage image, int nodesMet)
    {
        Dictionary<DiskNode, DiskNode> nodes = [];
        foreach ((string name, DiskNode node) in image.Names)
        {
            ulong number = UnixFile.Number(PathOf(name));
            if (nodes.TryAdd(node, node.Inherit(number))) _nodes.Add(number, nodes[node]);
        }

        foreach (NameChange change in image.UnflushedNames)
            _unflushedNames.Add(change with { Before = Inherited(change.Before), After = Inherited(change.After) });
        _nodesMet = nodesMet;

        DiskNode? Inherited(DiskNode? node)
        {
            if (node is null) return null;

            // One that has no name has no number.
            if (!nodes.TryGetValue(node, out DiskNode? inherited)) nodes.Add(node, inherited = node.Inherit(0));
            return inherited;
        }
    }

    private DiskImage Read()
    {
        var image = new DiskImage([.. _unflushedNames]);
        foreach (FileSystemInfo item in new DirectoryInfo(Root).EnumerateFileSystemInfos("*", AllFiles))
        {
            string name = item.FullName[(Root.Length + 1)..];
            DiskNode node = Node(name);
            image.Names.Add(name, node);
            image.Contents[node] = item is FileInfo file ? DiskImage.ReadFile(file) : DiskContent.Folder;
        }

        return image;
    }

    private static readonly EnumerationOptions AllFiles = new() { RecurseSubdirectories = true, AttributesToSkip = default };

    /// <summary>Finds the names that <c>PartFileName</c> creates.</summary>
    [GeneratedRegex(@"\.[0-9a-f-]+\.part$", RegexOptions.CultureInvariant)]
    private static partial Regex Temporary();
}

/// <summary>A change of a name, or of two, that a loss of power undoes.</summary>
/// <param name="Name">The name.</param>
/// <param name="Before">The file that had the name before; null for none.</param>
/// <param name="After">The file that has it now; null for none.</param>
/// <param name="Former">The name that was taken from <paramref name="After"/>; null if it kept its names.</param>
internal sealed record NameChange(string Name, DiskNode? Before, DiskNode? After, string? Former = null)
{
    /// <summary>Gets the folder whose flush makes it durable.</summary>
    internal string Folder { get; } = SimulatedDisk.FolderOf(Name);
}
