namespace FaceGen;

/// <summary>What a run of a batch would do.</summary>
public sealed record BatchPlan
{
    /// <summary>Gets the number of rows in the input, with invalid rows and skipped duplicates.</summary>
    public long Rows { get; init; }

    /// <summary>Gets the number of rows that would be submitted.</summary>
    public long ToSubmit { get; init; }

    /// <summary>Gets the number of images that the rows to submit ask for.</summary>
    public long Images { get; init; }

    /// <summary>Gets the number of images that the run would pay for: <see cref="Images"/>, or fewer because of <c>-MaxImages</c>.</summary>
    public long ImagesToPay => AffordableImages ?? Images;

    /// <summary>
    /// Gets the number of images that the service may not deliver: of two samples with a width of 512 and a height of 768 it is known
    /// to return one.
    /// </summary>
    public long ImagesAtRisk { get; init; }

    /// <summary>
    /// Gets the cost of <see cref="ImagesToPay"/>; null unless this session has seen the account's balance before and after it paid
    /// for images, or an earlier run of the batch has.
    /// </summary>
    public decimal? Cost { get; init; }

    /// <summary>Gets the currency of the cost, such as USD; null if it is unknown.</summary>
    public string? Currency { get; init; }

    /// <summary>Gets the number of rows of any input that an earlier run was charged for, and that would be finished and saved.</summary>
    public long InProgress { get; init; }

    /// <summary>Gets the number of rows that are saved already.</summary>
    public long Done { get; init; }

    /// <summary>Gets the number of rows that ended without images in an earlier run, and would not be sent again.</summary>
    public long NotRetried => Failed + Expired + Uncertain;

    /// <summary>Gets the number of failed rows that would not be sent again without <c>-RetryFailed</c>.</summary>
    public long Failed { get; init; }

    /// <summary>Gets the number of expired rows that would not be sent again without <c>-RetryFailed</c>.</summary>
    public long Expired { get; init; }

    /// <summary>Gets the number of uncertain rows that would not be sent again without <c>-RetryUncertain</c>.</summary>
    public long Uncertain { get; init; }

    /// <summary>Gets the number of rows that request the same as an earlier row; <c>-SkipDuplicate</c> skips them.</summary>
    public long Duplicates { get; init; }

    /// <summary>Gets the number of invalid rows. Nothing is sent before they are fixed, or skipped by <c>-SkipInvalid</c>.</summary>
    public long Invalid { get; init; }

    /// <summary>Gets the number of local face images that would be uploaded, each once.</summary>
    public long Uploads { get; init; }

    /// <summary>Gets the first duplicate that would be submitted, after the row that it repeats; null if there is none.</summary>
    internal (string First, string Second)? FirstDuplicate { get; init; }

    /// <summary>Gets two rows, one of them still to be submitted, whose images would be saved to the same file; null if there are none.</summary>
    internal (string First, string Second)? FileConflict { get; init; }

    /// <summary>
    /// Gets a row still to be submitted whose image would be saved to a file that exists already, or that holds an image of
    /// another row; null if there is none.
    /// </summary>
    internal (string Row, string Path, bool IsAnotherRows)? ExistingFile { get; init; }

    /// <summary>Gets the number of images that may be charged, since a row is submitted completely or not; null without a limit.</summary>
    internal long? AffordableImages { get; init; }

    /// <summary>Returns the numbers of rows and images.</summary>
    public override string ToString() =>
        $"{ImagesToPay} images to pay for: {Rows} rows, {ToSubmit} to send, {InProgress} in progress, {Done} done, {NotRetried} not retried, {Invalid} invalid";
}
