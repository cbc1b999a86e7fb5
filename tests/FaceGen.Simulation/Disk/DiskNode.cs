namespace FaceGen.Simulation.Disk;

/// <summary>A file or folder of a simulated disk, and the changes that a loss of power would undo.</summary>
/// <param name="number">The inode number.</param>
/// <param name="order">The order in which the disk first used it, which is the same in each run.</param>
internal sealed class DiskNode(ulong number, int order)
{
    private const int SectorLength = 512;

    /// <summary>How many sectors the system writes together: a page of its memory.</summary>
    private const int SectorsPerPage = 8;

    private readonly List<Change> _changes = [];

    /// <summary>
    /// The lengths that a loss of power may leave, with the changes that they come from: first the durable one, which comes from
    /// none. Empty if the current length is durable.
    /// </summary>
    private readonly List<(long Length, Change? By)> _lengths = [];

    internal ulong Number { get; } = number;

    /// <summary>Gets the order in which the disk first used it.</summary>
    internal int Order { get; } = order;

    /// <summary>Gets or sets how many names it has.</summary>
    internal int Names { get; set; } = 1;

    /// <summary>Gets the content of a file that lost its last name; null if it has one.</summary>
    internal DiskContent? Removed { get; private set; }

    /// <summary>True if a loss of power may change the content.</summary>
    internal bool HasUnflushed => _changes.Count > 0 || _lengths.Count > 1;

    /// <summary>Returns the file or folder as the next process finds it, if this one was killed.</summary>
    /// <param name="inherited">Its inode number on that process's disk.</param>
    internal DiskNode Inherit(ulong inherited)
    {
        var node = new DiskNode(inherited, Order) { Names = Names, Removed = Removed };
        node._changes.AddRange(_changes.Select(change => change.Copy()));
        node._lengths.AddRange(_lengths.Select(length => (length.Length, length.By is null ? null : node._changes[_changes.IndexOf(length.By)])));
        return node;
    }

    /// <summary>Records a write.</summary>
    /// <param name="offset">Where it begins.</param>
    /// <param name="length">How many bytes it writes.</param>
    /// <param name="former">The overwritten bytes; fewer if the write extends the file.</param>
    /// <param name="formerLength">The length of the file before.</param>
    internal void NoteWrite(long offset, int length, byte[] former, long formerLength) =>
        Note(offset, length, former, formerLength, Math.Max(formerLength, offset + length));

    /// <summary>Records a change of the length.</summary>
    /// <param name="length">The new length.</param>
    /// <param name="former">The removed bytes; empty if the file becomes longer.</param>
    /// <param name="formerLength">The length of the file before.</param>
    internal void NoteTruncate(long length, byte[] former, long formerLength) =>
        Note(Math.Min(length, formerLength), (int)Math.Abs(length - formerLength), former, formerLength, length);

    /// <summary>Records that the last name was removed.</summary>
    internal void NoteRemoved(DiskContent content) => Removed = content;

    /// <summary>Makes all changes durable, but for pages that an earlier flush failed to write and that were not written to since.</summary>
    internal void Flush()
    {
        _lengths.Clear();
        if (!_changes.Exists(change => change.HasFailed))
        {
            _changes.Clear();
            return;
        }

        HashSet<long> pages = [.. _changes.Where(change => !change.HasFailed).SelectMany(change => change.Sectors).Select(PageOf)];
        _changes.RemoveAll(change => !change.HasFailed);
        foreach (Change change in _changes) change.Sectors = [.. change.Sectors.Where(sector => !pages.Contains(PageOf(sector)))];
    }

    /// <summary>
    /// Records that a flush failed: the system no longer plans to write the pages that it could not write, and another flush
    /// does not write them (https://lwn.net/Articles/752063/).
    /// </summary>
    internal void NoteFlushFailed() => _changes.ForEach(change => change.HasFailed = true);

    /// <summary>
    /// Returns the content after a loss of power: each sector that was changed since the last flush has its durable content
    /// or that after one of the changes, and the length is the durable one or that after one of the changes. A file system
    /// applies a transaction completely or not at all: after a file was shortened, either no later change has reached the disk, or
    /// the removed part is gone.
    /// </summary>
    /// <param name="current">The current content.</param>
    /// <param name="choose">Chooses a number below its argument; 0 is the durable state, the highest the current state.</param>
    internal byte[] LosePower(byte[] current, Func<int, int> choose)
    {
        int[] cuts = [.. Enumerable.Range(0, _changes.Count).Where(index => _changes[index].IsCut)];
        int done = cuts.Length == 0 ? 0 : choose(cuts.Length + 1);
        (int from, int to) = (done == 0 ? -1 : cuts[done - 1], done == cuts.Length ? _changes.Count : cuts[done]);
        long[] lengths = [.. _lengths.Where(length => IndexOf(length.By) is var index && index >= from && index < to).Select(length => length.Length).DefaultIfEmpty(current.Length)];
        var content = new byte[Math.Max(current.Length, lengths.Max())];
        current.CopyTo(content, 0);
        foreach ((long sector, List<Change> changes) in BySector())
        {
            int least = changes.FindLastIndex(change => change.IsCut && IndexOf(change) <= from) + 1;
            int most = changes.Count(change => IndexOf(change) < to);
            int kept = least == most ? most : least + choose(most - least + 1);
            for (int last = changes.Count; last > kept; last--) changes[last - 1].Undo(content, sector * SectorLength, SectorLength);
        }

        Array.Resize(ref content, (int)lengths[lengths.Length == 1 ? 0 : choose(lengths.Length)]);
        return content;
    }

    /// <summary>Returns the number of a change, in order; -1 for none.</summary>
    private int IndexOf(Change? change) => change is null ? -1 : _changes.IndexOf(change);

    private void Note(long offset, int length, byte[] former, long formerLength, long newLength)
    {
        // Bytes of a file without a name are always lost.
        if (Removed is not null) return;

        var change = new Change(offset, length, former, isCut: newLength < formerLength);
        _changes.Add(change);
        if (_lengths.Count == 0) _lengths.Add((formerLength, null));
        if (_lengths[^1].Length != newLength) _lengths.Add((newLength, change));
    }

    private static long PageOf(long sector) => sector / SectorsPerPage;

    private SortedDictionary<long, List<Change>> BySector()
    {
        var sectors = new SortedDictionary<long, List<Change>>();
        foreach (Change change in _changes)
        {
            foreach (long sector in change.Sectors)
            {
                if (!sectors.TryGetValue(sector, out List<Change>? changes)) sectors.Add(sector, changes = []);
                changes.Add(change);
            }
        }

        return sectors;
    }

    private sealed class Change(long offset, int length, byte[] former, bool isCut)
    {
        /// <summary>Gets or sets the sectors in which a loss of power may undo it.</summary>
        internal IReadOnlyList<long> Sectors
        {
            get => field ??= length == 0 ? [] : [.. Range(offset / SectorLength, (offset + length - 1) / SectorLength)];
            set;
        }

        /// <summary>True if it shortened the file.</summary>
        internal bool IsCut => isCut;

        /// <summary>True if a flush of it has failed.</summary>
        internal bool HasFailed { get; set; }

        internal Change Copy() => new(offset, length, former, isCut) { Sectors = Sectors, HasFailed = HasFailed };

        /// <summary>Restores the former bytes in one range of the content.</summary>
        internal void Undo(byte[] content, long from, int count)
        {
            long end = Math.Min(Math.Min(from + count, offset + length), content.Length);
            for (long i = Math.Max(from, offset); i < end; i++) content[i] = i - offset < former.Length ? former[i - offset] : (byte)0;
        }

        private static IEnumerable<long> Range(long first, long last)
        {
            for (long i = first; i <= last; i++) yield return i;
        }
    }
}

/// <summary>The content of a file or folder.</summary>
/// <param name="Bytes">A file's bytes; null for a folder.</param>
/// <param name="Mode">A file's rights.</param>
/// <param name="WrittenAt">When a file was last written, in UTC.</param>
internal sealed record DiskContent(byte[]? Bytes, UnixFileMode Mode, DateTime WrittenAt)
{
    internal static DiskContent Folder { get; } = new(null, default, default);
}
