namespace FaceGen.Contract;

/// <summary>The meaning of a status word.</summary>
internal enum StatusWordKind
{
    /// <summary>This version of FaceGen does not know the word, or there is none.</summary>
    Unknown,

    /// <summary>The generation is finished.</summary>
    Success,

    /// <summary>The generation is queued or processing.</summary>
    Pending,

    /// <summary>The generation failed, or the service refused the call.</summary>
    Failed,

    /// <summary>The service refused the call: nothing was accepted.</summary>
    Refused,
}

/// <summary>The table of the status words that services of this family use.</summary>
internal static class StatusWord
{
    /// <summary>Returns the meaning of a status word.</summary>
    /// <param name="word">The word in lower case; empty if there is none.</param>
    internal static StatusWordKind Classify(string word) => word switch
    {
        "success" or "succeeded" or "completed" or "ready" => StatusWordKind.Success,
        "processing" or "queued" or "pending" or "in_queue" or "starting" => StatusWordKind.Pending,
        "failed" or "failure" => StatusWordKind.Failed,
        "error" => StatusWordKind.Refused,
        _ => StatusWordKind.Unknown,
    };
}
