namespace FaceGen.BatchModel;

/// <summary>What a run would do.</summary>
/// <param name="Rows">How many rows the input has.</param>
/// <param name="Done">How many of them are saved already.</param>
/// <param name="InProgress">How many were paid for by an earlier run, and would be finished and saved.</param>
/// <param name="NotRetried">How many ended as failed, expired or uncertain in an earlier run, and would not be sent again.</param>
/// <param name="ToSubmit">How many would be sent to the service.</param>
/// <param name="Images">How many images would be paid for.</param>
/// <param name="Uploads">How many local face images would be uploaded once, because several of them use it.</param>
internal sealed record BatchPlan(long Rows, long Done, long InProgress, long NotRetried, long ToSubmit, long Images, long Uploads)
{
    /// <summary>How many rows of the input ask for the same as a row before them; with -SkipDuplicate they are left out.</summary>
    internal long Duplicates { get; init; }

    /// <summary>The first of them that would be sent, behind the row that it repeats; null where there is none.</summary>
    internal (string First, string Second)? FirstDuplicate { get; init; }

    /// <summary>Two rows, one of them still to be sent, whose images would be saved to the same file; null where there are none.</summary>
    internal (string First, string Second)? FileConflict { get; init; }

    /// <summary>
    /// A row still to be sent whose image would be saved to a file that is there already, or that an image of another row is
    /// in; null where there is none.
    /// </summary>
    internal (string Row, string Path, bool IsAnotherRows)? ExistingFile { get; init; }

    /// <summary>How many images may be paid for, since a row is sent whole or not; null where there is no limit.</summary>
    internal long? AffordableImages { get; init; }
}
