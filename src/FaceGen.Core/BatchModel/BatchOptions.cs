using FaceGen.Saving;

namespace FaceGen.BatchModel;

/// <summary>How a batch is run.</summary>
/// <param name="Save">Where and how the images are saved.</param>
internal sealed record BatchOptions(SaveOptions Save)
{
    /// <summary>How many rows this run keeps under way at the service at most; never more than the account's queue allows.</summary>
    internal int ThrottleLimit { get; init; } = int.MaxValue;

    /// <summary>How many images are downloaded at once.</summary>
    internal int MaxDownloads { get; init; } = 8;

    /// <summary>Whether local face images that several rows use are uploaded once, rather than sent with each row.</summary>
    internal bool UploadFaces { get; init; } = true;

    /// <summary>Whether rows that failed or expired in an earlier run are sent again.</summary>
    internal bool RetryFailed { get; init; }

    /// <summary>Whether a submission of unknown outcome is sent again, at the risk of paying twice.</summary>
    internal bool RetryUncertain { get; init; }

    /// <summary>How many images this run may pay for; null for as many as there are.</summary>
    internal long? MaxImages { get; init; }

    /// <summary>The wallet's balance below which nothing more is submitted; null not to ask for it.</summary>
    internal decimal? MinimumBalance { get; init; }

    /// <summary>How long after the end of a run what must be written may still wait for the disk or the database.</summary>
    internal TimeSpan StorageTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the service may accept nothing before the run ends.</summary>
    internal TimeSpan AcceptanceTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The clock of that wait: disks and databases know only the real one, whatever the run's is.</summary>
    internal TimeProvider StorageClock { get; init; } = TimeProvider.System;

    /// <summary>How long the run may take: it stops submitting in time to finish and save what is under way.</summary>
    internal TimeSpan? TimeLimit { get; init; }

    /// <summary>The connection's clock when the command began, which its time is counted from; null for when the rows are begun.</summary>
    internal long? StartTimestamp { get; init; }
}
