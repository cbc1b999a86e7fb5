namespace FaceGen.Generating;

/// <summary>How a request is submitted and waited for.</summary>
internal sealed record GenerateOptions
{
    /// <summary>Whether to wait for the end; otherwise the generation is returned as it was accepted.</summary>
    internal bool Wait { get; init; } = true;

    /// <summary>How long all of it may take. A submission on its way goes on then, and the account keeps what comes of it.</summary>
    internal TimeSpan Timeout { get; init; } = System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>Whether a submission of unknown outcome is sent again, at the risk of paying twice.</summary>
    internal bool RetryUncertain { get; init; }

    /// <summary>Whether a local face image that several requests use is uploaded rather than sent with each.</summary>
    internal bool UploadFace { get; init; } = true;

    /// <summary>The SHA-256 of the local face image that the request was made with: another is not sent. Null for any.</summary>
    internal string? FaceHash { get; init; }

    /// <summary>Is told of each submission before its first byte and after its answer; null for nobody.</summary>
    internal ISubmissionLog? SubmissionLog { get; init; }
}
