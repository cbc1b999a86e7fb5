namespace FaceGen;

/// <summary>The state of a batch: the number of rows in each status.</summary>
public sealed record BatchSummary
{
    /// <summary>Gets the ledger: the full path of a file, or the server and schema of a database; never a password.</summary>
    public required string Ledger { get; init; }

    /// <summary>
    /// Gets whether the batch is complete, some rows failed, or rows are left: the name of a <see cref="BatchState"/>, since
    /// ConvertTo-Json writes an enum as a number.
    /// </summary>
    public string State => StateValue.ToString();

    /// <summary>Gets the value of <see cref="State"/>.</summary>
    internal BatchState StateValue =>
        Pending + InProgress > 0 || Rows == 0 ? BatchState.Unfinished
        : Failed + Expired + Uncertain + Invalid > 0 ? BatchState.SomeFailed
        : BatchState.Complete;

    /// <summary>Gets the number of rows, without invalid ones.</summary>
    public long Rows => Saved + Filtered + Failed + Expired + Uncertain + Pending + InProgress;

    /// <summary>Gets the number of rows whose images are all saved.</summary>
    public long Saved { get; init; }

    /// <summary>Gets the number of rows that are saved, but with an image that the service's safety filter seems to have altered.</summary>
    public long Filtered { get; init; }

    /// <summary>Gets the number of rows that failed; <c>-RetryFailed</c> submits them again.</summary>
    public long Failed { get; init; }

    /// <summary>Gets the number of rows that were charged and not downloaded in time; <c>-RetryFailed</c> submits and charges them again.</summary>
    public long Expired { get; init; }

    /// <summary>Gets the number of rows that may or may not have been charged; <c>-RetryUncertain</c> submits them again.</summary>
    public long Uncertain { get; init; }

    /// <summary>Gets the number of rows that were not submitted yet.</summary>
    public long Pending { get; init; }

    /// <summary>Gets the number of rows that are submitted and not saved: the next run finishes them first.</summary>
    public long InProgress { get; init; }

    /// <summary>
    /// Gets the number of rows of the input that were skipped because they are invalid. Only the run knows it: the ledger does
    /// not contain them, so that <c>Get-FaceGenBatch</c> reports a batch as complete whose other rows are saved.
    /// </summary>
    public long Invalid { get; init; }

    /// <summary>Gets the number of rows that this run submitted.</summary>
    public long Submitted { get; init; }

    /// <summary>
    /// Gets the number of images that this run was charged for, as far as is known: images that were requested and did not come are not
    /// counted.
    /// </summary>
    public long ImagesPaid { get; init; }

    /// <summary>
    /// Gets the number of images that all runs of the batch were charged for, as far as is known. Images of uncertain rows and of rows
    /// in progress count; images that were requested and did not come are not counted, once the row is saved.
    /// </summary>
    public long TotalImagesPaid { get; init; }

    /// <summary>
    /// Gets the cost of <see cref="TotalImagesPaid"/>, at the price of an image that the latest run found by the account's balances
    /// before and after it; null if no run has found it.
    /// </summary>
    public decimal? TotalCost { get; init; }

    /// <summary>Gets the currency of the cost, such as USD; null if it is unknown.</summary>
    public string? Currency { get; init; }

    /// <summary>Gets when the first image that is not saved expires; null if there is none.</summary>
    public DateTimeOffset? NearestExpiry { get; init; }

    /// <summary>Gets how many seconds this run took. Scripts also get it as a TimeSpan, by the property Duration.</summary>
    public double Seconds => Math.Round(Duration.TotalSeconds, 3);

    /// <summary>
    /// Gets how many seconds all runs of the batch took. The time of simultaneous runs counts once. Scripts also get it as a TimeSpan, by
    /// the property TotalDuration.
    /// </summary>
    public double TotalSeconds => Math.Round(TotalDuration.TotalSeconds, 3);

    /// <summary>Gets when the run began that works on the batch now, the earliest of several; null if no other run does.</summary>
    public DateTimeOffset? RunningSince { get; init; }

    /// <summary>Gets why the batch is not complete, and how to continue; empty if nothing is left to do.</summary>
    public string Message { get; init; } = "";

    /// <summary>Gets the value of <see cref="Seconds"/>, which ConvertTo-Json would write as an object of all parts of a TimeSpan.</summary>
    internal TimeSpan Duration { get; init; }

    /// <summary>Gets the value of <see cref="TotalSeconds"/>.</summary>
    internal TimeSpan TotalDuration { get; init; }

    /// <summary>Gets the error that ended the run, because every other row would have met it too; null if there is none.</summary>
    internal FaceGenException? FatalError { get; init; }

    /// <summary>Returns the state and the counts.</summary>
    public override string ToString() =>
        $"{State}: {Saved + Filtered} of {Rows} saved, {Failed + Expired} failed, {Uncertain} uncertain, {Pending + InProgress} left"
        + (Invalid > 0 ? $", {Invalid} invalid and skipped" : "");
}

/// <summary>Whether a batch is complete.</summary>
public enum BatchState
{
    /// <summary>Rows are left, or the ledger has none yet: the same command continues with them.</summary>
    Unfinished,

    /// <summary>Every row has ended, and some failed, expired, are invalid, or have an unknown outcome.</summary>
    SomeFailed,

    /// <summary>Every row is saved.</summary>
    Complete,
}
