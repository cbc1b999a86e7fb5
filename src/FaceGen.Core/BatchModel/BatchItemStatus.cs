namespace FaceGen;

/// <summary>How far a row of a batch is.</summary>
public enum BatchItemStatus
{
    /// <summary>Nothing was sent yet.</summary>
    Pending,

    /// <summary>It is being sent; where the process dies now, nobody knows whether the service accepted it.</summary>
    Submitting,

    /// <summary>The service has accepted it and works on it.</summary>
    Submitted,

    /// <summary>The images are ready at the service, for 24 hours.</summary>
    Generated,

    /// <summary>Each image stands, complete and checked, in a file.</summary>
    Saved,

    /// <summary>Saved, but the service's safety filter seems to have taken a picture away.</summary>
    Filtered,

    /// <summary>The service refused it, or could not make it; <c>-RetryFailed</c> sends it again.</summary>
    Failed,

    /// <summary>The images were not fetched within 24 hours and are gone; <c>-RetryFailed</c> pays for it again.</summary>
    Expired,

    /// <summary>
    /// The service may or may not have accepted (and charged for) it; only <c>-RetryUncertain</c> sends it again.
    /// </summary>
    Uncertain,
}
