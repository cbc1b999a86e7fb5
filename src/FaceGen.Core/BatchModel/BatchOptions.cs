using FaceGen.Saving;

namespace FaceGen.BatchModel;

/// <summary>The options of a batch run.</summary>
/// <param name="Save">Where and how images are saved.</param>
internal sealed record BatchOptions(SaveOptions Save)
{
    /// <summary>Gets the largest number of rows that this run has at the service; never more than the account has slots.</summary>
    internal int ThrottleLimit { get; init; } = int.MaxValue;

    /// <summary>Gets the largest number of concurrent downloads.</summary>
    internal int MaxDownloads { get; init; } = 8;

    /// <summary>True to upload local face images that several rows share, rather than to send them inline with each row.</summary>
    internal bool UploadFaces { get; init; } = true;

    /// <summary>True to send rows again that failed or expired in an earlier run.</summary>
    internal bool RetryFailed { get; init; }

    /// <summary>True to send a submission of unknown outcome again, which may be charged twice.</summary>
    internal bool RetryUncertain { get; init; }

    /// <summary>Gets the largest number of images that this run may be charged for; null for no limit.</summary>
    internal long? MaxImages { get; init; }

    /// <summary>Gets the balance of the wallet below which nothing more is submitted; null for no limit.</summary>
    internal decimal? MinimumBalance { get; init; }

    /// <summary>Gets how long after the end of a run its last writes may wait for the disk or the database.</summary>
    internal TimeSpan StorageTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets how long the service may accept nothing before the run ends.</summary>
    internal TimeSpan AcceptanceTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Gets the clock for <see cref="StorageTimeout"/>: disks and databases use real time, whatever clock the run has.</summary>
    internal TimeProvider StorageClock { get; init; } = TimeProvider.System;

    /// <summary>Gets how long the run may take: it stops submitting early enough to finish and save what is in progress.</summary>
    internal TimeSpan? TimeLimit { get; init; }

    /// <summary>Gets the timestamp of the connection's clock that <see cref="TimeLimit"/> counts from; null for the start of the rows.</summary>
    internal long? StartTimestamp { get; init; }
}
