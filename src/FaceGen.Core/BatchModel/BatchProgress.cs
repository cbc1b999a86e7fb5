namespace FaceGen.BatchModel;

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
