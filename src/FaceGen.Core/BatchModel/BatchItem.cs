using FaceGen.Contract;

namespace FaceGen;

/// <summary>One row of a batch, as recorded in its ledger.</summary>
public sealed record BatchItem
{
    /// <summary>Creates the description of a row.</summary>
    /// <param name="status">The status.</param>
    internal BatchItem(BatchItemStatus status) => StatusValue = status;

    /// <summary>Gets the file and line of the row; null if it was not read from a file.</summary>
    public RequestSource? Source => Request.Source;

    /// <summary>Gets the number of the row in its file or pipeline, from 1; null if it is unknown.</summary>
    public int? Row => Source?.Row;

    /// <summary>Gets the status: the name of a <see cref="BatchItemStatus"/>, since ConvertTo-Json writes an enum as a number.</summary>
    public string Status => StatusValue.ToString();

    /// <summary>Gets the prompt.</summary>
    public string Prompt => Request.Prompt;

    /// <summary>Gets the requested style; null for the service's default.</summary>
    public string? Style => Request.Style;

    /// <summary>Gets the requested width in pixels; null for that of the face image.</summary>
    public int? Width => Request.Width;

    /// <summary>Gets the requested height in pixels; null for that of the face image.</summary>
    public int? Height => Request.Height;

    /// <summary>Gets the seed that was used, or before that the requested one.</summary>
    public long? Seed => Generation?.Seed ?? Request.Seed;

    /// <summary>Gets the service's id; null before the service accepts the row.</summary>
    public string? Id => Generation?.Id;

    /// <summary>Gets the saved images; empty before they are saved.</summary>
    public JoinedList<SavedImage> Files { get; init; } = new();

    /// <summary>Gets the number of times that the row was submitted.</summary>
    public int Attempts { get; init; }

    /// <summary>Gets when the row was last submitted.</summary>
    public DateTimeOffset? SubmittedAt { get; init; }

    /// <summary>Gets when a poll found its images ready.</summary>
    public DateTimeOffset? GeneratedAt { get; init; }

    /// <summary>Gets when the row was saved, failed, expired or became uncertain.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Gets when the links of its images expire; null once the images are saved.</summary>
    public DateTimeOffset? ExpiresAt => Files.Count > 0 ? null : Generation?.ExpiresAt;

    /// <summary>
    /// Gets the number of seconds that the service took, if it reports them: it does in the response to a submission that it finishes at
    /// once, and null is the value of a row that was polled. <see cref="SubmittedAt"/> and <see cref="GeneratedAt"/> show the time of each row.
    /// </summary>
    public double? Seconds => Generation?.Seconds;

    /// <summary>Gets the id of the last error, the name of an <see cref="FaceGen.ErrorCode"/>; null if there is none.</summary>
    public string? ErrorCode => ErrorCodeValue?.ToString();

    /// <summary>Gets the message of the last error; null if there is none.</summary>
    public string? Error { get; init; }

    /// <summary>
    /// Gets the account that the row was submitted to: the service's address and a fingerprint of the key, from which the key
    /// cannot be computed; the address alone in ledgers of older versions; null before the row is submitted.
    /// </summary>
    public string? Account { get; init; }

    /// <inheritdoc cref="Generation.FetchResult"/>
    public Uri? FetchResult => Generation?.FetchResult;

    /// <inheritdoc cref="Generation.FutureLinks"/>
    public JoinedList<Uri> FutureLinks => Generation?.FutureLinks ?? new();

    /// <summary>Gets the request.</summary>
    public required Request Request { get; init; }

    /// <summary>
    /// Gets the generation; null before the service accepts the row. It is not public, so that an exported row contains its
    /// request once; <see cref="GetGeneration"/> returns it.
    /// </summary>
    internal Generation? Generation { get; init; }

    /// <summary>Gets the value of <see cref="Status"/>.</summary>
    internal BatchItemStatus StatusValue { get; }

    /// <summary>Gets the value of <see cref="ErrorCode"/>.</summary>
    internal ErrorCode? ErrorCodeValue { get; init; }

    /// <summary>Returns the generation, which scripts get as the property Generation; null before the service accepts the row.</summary>
    public Generation? GetGeneration() => Generation;

    /// <summary>Returns the row, its status and its prompt.</summary>
    public override string ToString() => $"{(Source is null ? "" : $"{Source} ")}{Status}: {DisplayText.Clean(Prompt, 60)}";
}

/// <summary>The status of a row of a batch.</summary>
public enum BatchItemStatus
{
    /// <summary>The row was not submitted yet.</summary>
    Pending,

    /// <summary>The submission is in flight. If the process is killed now, its outcome is unknown.</summary>
    Submitting,

    /// <summary>The service accepted the row, and the generation is pending.</summary>
    Submitted,

    /// <summary>The images are ready, and the service keeps them for 24 hours.</summary>
    Generated,

    /// <summary>Every image is saved and completely checked.</summary>
    Saved,

    /// <summary>Every image is saved, but the service's safety filter seems to have altered one.</summary>
    Filtered,

    /// <summary>The service refused the row, or could not create the image; <c>-RetryFailed</c> submits it again.</summary>
    Failed,

    /// <summary>The images were not downloaded within 24 hours and have expired; <c>-RetryFailed</c> submits and charges the row again.</summary>
    Expired,

    /// <summary>
    /// The service may or may not have accepted and charged for the row; only <c>-RetryUncertain</c> submits it again.
    /// </summary>
    Uncertain,
}
