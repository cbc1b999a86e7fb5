namespace FaceGen.Simulation.Disk;

/// <summary>Names what an operation of a simulated disk does.</summary>
internal enum DiskAction
{
    /// <summary>Creates a file.</summary>
    Create,

    /// <summary>Reads from a file, or its time.</summary>
    Read,

    /// <summary>Writes to a file.</summary>
    Write,

    /// <summary>Changes the length of a file.</summary>
    Truncate,

    /// <summary>Makes the content of a file durable.</summary>
    Flush,

    /// <summary>Gives a file another name, or a second one.</summary>
    Rename,

    /// <summary>Deletes a file.</summary>
    Delete,

    /// <summary>Creates a folder.</summary>
    CreateFolder,

    /// <summary>Deletes a folder.</summary>
    DeleteFolder,

    /// <summary>Makes the names in a folder durable.</summary>
    FlushFolder,
}

/// <summary>Names why an operation of a disk fails. The values are those of errno.</summary>
internal enum DiskError
{
    /// <summary>It does not fail.</summary>
    None = 0,

    /// <summary>The device fails (EIO).</summary>
    InputOutput = 5,

    /// <summary>The disk is full (ENOSPC).</summary>
    NoSpace = 28,

    /// <summary>The file system is read-only (EROFS).</summary>
    ReadOnly = 30,
}

/// <summary>Describes an operation of a simulated disk.</summary>
/// <param name="Action">What it does.</param>
/// <param name="File">
/// The name of the file or folder below the disk's root, with '/' between its parts; for a rename, the new name. The random
/// parts of a temporary name are one '*', so that the same history has the same names.
/// </param>
/// <param name="Offset">Where it reads or writes, or the new length; 0 for others.</param>
/// <param name="Length">How many bytes it reads or writes; 0 for others.</param>
internal readonly record struct DiskOperation(DiskAction Action, string File, long Offset = 0, int Length = 0)
{
    public override string ToString() => Action switch
    {
        DiskAction.Read or DiskAction.Write when Length > 0 => FormattableString.Invariant($"{Action} {File} {Offset}+{Length}"),
        DiskAction.Truncate => FormattableString.Invariant($"{Action} {File} {Offset}"),
        _ => $"{Action} {File}",
    };
}

/// <summary>Decides how an operation of a simulated disk ends.</summary>
internal readonly record struct DiskFault
{
    private DiskFault(DiskError error, bool isCut, int bytes) => (Error, IsCut, Bytes) = (error, isCut, bytes);

    /// <summary>Gets the fault of an operation that succeeds.</summary>
    internal static DiskFault None => default;

    /// <summary>Gets why it fails.</summary>
    internal DiskError Error { get; }

    /// <summary>True if the process dies.</summary>
    internal bool IsCut { get; }

    /// <summary>Gets how many bytes a failed write has written.</summary>
    internal int Bytes { get; }

    /// <summary>Returns the fault of an operation that fails.</summary>
    /// <param name="error">Why.</param>
    /// <param name="bytes">How many bytes a write has written before; other operations do nothing.</param>
    internal static DiskFault Fail(DiskError error, int bytes = 0) => new(error, isCut: false, bytes);

    /// <summary>Returns the fault of an operation in which the process dies.</summary>
    /// <param name="bytes">How many bytes a write has written before; other operations do nothing.</param>
    internal static DiskFault Cut(int bytes = 0) => new(DiskError.InputOutput, isCut: true, bytes);
}
