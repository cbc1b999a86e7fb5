namespace FaceGen.BatchModel;

/// <summary>What a run would do.</summary>
/// <param name="Rows">The number of rows in the input.</param>
/// <param name="Done">The number of rows that are saved already.</param>
/// <param name="InProgress">The number of rows that an earlier run was charged for, and that would be finished and saved.</param>
/// <param name="NotRetried">The number of rows that failed, expired or became uncertain in an earlier run, and would not be sent again.</param>
/// <param name="ToSubmit">The number of rows that would be submitted.</param>
/// <param name="Images">The number of images that would be charged.</param>
/// <param name="Uploads">The number of local face images that would be uploaded, each once.</param>
internal sealed record BatchPlan(long Rows, long Done, long InProgress, long NotRetried, long ToSubmit, long Images, long Uploads)
{
    /// <summary>Gets the number of rows that request the same as an earlier row; with -SkipDuplicate they are skipped.</summary>
    internal long Duplicates { get; init; }

    /// <summary>Gets the first duplicate that would be submitted, after the row that it repeats; null if there is none.</summary>
    internal (string First, string Second)? FirstDuplicate { get; init; }

    /// <summary>Gets two rows, one of them still to be submitted, whose images would be saved to the same file; null if there are none.</summary>
    internal (string First, string Second)? FileConflict { get; init; }

    /// <summary>
    /// Gets a row still to be submitted whose image would be saved to a file that exists already, or that holds an image of
    /// another row; null if there is none.
    /// </summary>
    internal (string Row, string Path, bool IsAnotherRows)? ExistingFile { get; init; }

    /// <summary>Gets the number of rows to submit for which the service may return fewer images than requested.</summary>
    internal long RowsWithFewerImages { get; init; }

    /// <summary>Gets the number of images that may be charged, since a row is submitted completely or not; null without a limit.</summary>
    internal long? AffordableImages { get; init; }
}

/// <summary>The progress of a run.</summary>
/// <param name="Total">The number of rows that this run processes.</param>
/// <param name="Ended">The number of rows that have ended.</param>
/// <param name="Failed">The number of ended rows that were not saved.</param>
/// <param name="InProgress">The number of rows that are at the service or being saved.</param>
/// <param name="RowsPerMinute">The current rate.</param>
/// <param name="TimeLeft">The time left at that rate; null while it is unknown.</param>
/// <param name="NearestExpiry">When the first image that is not saved expires; null if there is none.</param>
internal sealed record BatchProgress(
    long Total, long Ended, long Failed, int InProgress, double RowsPerMinute, TimeSpan? TimeLeft, DateTimeOffset? NearestExpiry);

/// <summary>The options of a plan.</summary>
/// <param name="RetryFailed">True to submit rows again that failed or expired.</param>
/// <param name="RetryUncertain">True to submit uncertain rows again.</param>
/// <param name="MaxImages">The largest number of images that may be charged; null for no limit.</param>
internal readonly record struct PlanOptions(bool RetryFailed = false, bool RetryUncertain = false, long? MaxImages = null);
