using FaceGen.Http;

namespace FaceGen.Generating;

/// <summary>How a request is submitted and waited for.</summary>
internal sealed record GenerateOptions
{
    /// <summary>True to wait for the end; false to return the generation as it was accepted.</summary>
    internal bool Wait { get; init; } = true;

    /// <summary>Gets how long submitting and waiting may take. A submission in flight goes on after it, and the account keeps its outcome.</summary>
    internal TimeSpan Timeout { get; init; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>True to send a submission of unknown outcome again, which may be charged twice.</summary>
    internal bool RetryUncertain { get; init; }

    /// <summary>True to upload a local face image, rather than to send it inline.</summary>
    internal bool UploadFace { get; init; } = true;

    /// <summary>Gets the SHA-256 that the local face image must have; null for any.</summary>
    internal string? FaceHash { get; init; }

    /// <summary>Gets the log of submissions; null for none.</summary>
    internal ISubmissionLog? SubmissionLog { get; init; }
}

/// <summary>Records each submission before and after it is sent, so that a ledger has its state even if the process is killed.</summary>
internal interface ISubmissionLog
{
    /// <summary>Records that a submission is about to be sent. If this throws, nothing is sent.</summary>
    Task RecordSendingAsync();

    /// <summary>Records the outcome of a submission, also if no command waits for it any more.</summary>
    /// <param name="outcome">The meaning of the response.</param>
    /// <param name="accepted">The generation; null if none was accepted.</param>
    Task RecordOutcomeAsync(Outcome outcome, Generation? accepted);
}
