namespace FaceGen.BatchModel;

/// <summary>How far a run is.</summary>
/// <param name="Total">How many rows this run has to do.</param>
/// <param name="Ended">How many of them have ended.</param>
/// <param name="Failed">How many of those were not saved.</param>
/// <param name="InProgress">How many are at the service or being saved now.</param>
/// <param name="RowsPerMinute">How fast it goes now.</param>
/// <param name="TimeLeft">How long it will still take at that rate; null while nobody can tell.</param>
/// <param name="NearestExpiry">When the first image that is not saved is lost at the service.</param>
internal sealed record BatchProgress(
    long Total, long Ended, long Failed, int InProgress, double RowsPerMinute, TimeSpan? TimeLeft, DateTimeOffset? NearestExpiry);
