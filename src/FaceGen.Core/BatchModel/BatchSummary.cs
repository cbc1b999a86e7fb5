namespace FaceGen;

/// <summary>How a batch stands: how many of its rows are how far.</summary>
public sealed record BatchSummary
{
    /// <summary>The ledger: a file's full path, or the server and schema of a database; never a password.</summary>
    public required string Ledger { get; init; }

    /// <summary>Whether all is done, some of it failed, or rows are left to do.</summary>
    public BatchState State =>
        Pending + UnderWay > 0 || Rows == 0 ? BatchState.Unfinished
        : Failed + Expired + Uncertain + Invalid > 0 ? BatchState.SomeFailed
        : BatchState.Complete;

    /// <summary>How many rows there are, invalid ones not counted.</summary>
    public long Rows => Saved + Filtered + Failed + Expired + Uncertain + Pending + UnderWay;

    /// <summary>How many rows have all their images in files.</summary>
    public long Saved { get; init; }

    /// <summary>How many rows are saved with a picture that the service's safety filter seems to have taken away.</summary>
    public long Filtered { get; init; }

    /// <summary>How many rows failed; <c>-RetryFailed</c> sends them again.</summary>
    public long Failed { get; init; }

    /// <summary>How many rows were paid for and not fetched in time; <c>-RetryFailed</c> pays for them again.</summary>
    public long Expired { get; init; }

    /// <summary>How many rows may or may not have been paid for; <c>-RetryUncertain</c> sends them again.</summary>
    public long Uncertain { get; init; }

    /// <summary>How many rows were not sent yet.</summary>
    public long Pending { get; init; }

    /// <summary>How many rows are sent and not saved: they are finished first by the next run.</summary>
    public long UnderWay { get; init; }

    /// <summary>
    /// How many rows of the input were left out because they are invalid. Only the run itself can tell: the ledger does not
    /// hold them, so that <c>Get-FaceGenBatch</c> does not count them, and calls a batch complete whose other rows are saved.
    /// </summary>
    public long Invalid { get; init; }

    /// <summary>How many rows this run has sent to the service.</summary>
    public long Submitted { get; init; }

    /// <summary>How many images this run has paid for, as far as it knows.</summary>
    public long ImagesPaid { get; init; }

    /// <summary>When the first image that is not saved is lost at the service; null where there is none.</summary>
    public DateTimeOffset? NearestExpiry { get; init; }

    /// <summary>How long the run took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Why not all is done, and how to go on; empty where nothing is left to do.</summary>
    public string Message { get; init; } = "";

    /// <summary>What every other row would have failed with too, if that is why the run stopped.</summary>
    internal FaceGenException? Fault { get; init; }

    /// <summary>The state and the counts.</summary>
    public override string ToString() =>
        $"{State}: {Saved + Filtered} of {Rows} saved, {Failed + Expired} failed, {Uncertain} uncertain, {Pending + UnderWay} left"
        + (Invalid > 0 ? $", {Invalid} invalid and left out" : "");
}
