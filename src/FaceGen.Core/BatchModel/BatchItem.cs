using FaceGen.Contract;

namespace FaceGen;

/// <summary>One row of a batch, as its ledger knows it.</summary>
public sealed record BatchItem
{
    /// <summary>How far it is.</summary>
    public required BatchItemStatus Status { get; init; }

    /// <summary>What was asked for.</summary>
    public required Request Request { get; init; }

    /// <summary>What the picture shows.</summary>
    public string Prompt => Request.Prompt;

    /// <summary>The file and line of the row, if it was read from a file.</summary>
    public RequestSource? Source => Request.Source;

    /// <summary>The service's id; null before the service has accepted the row.</summary>
    public string? Id => Generation?.Id;

    /// <summary>The generation at the service; null before the service has accepted the row.</summary>
    public Generation? Generation { get; init; }

    /// <summary>The files, when they are saved.</summary>
    public SavedImage[] Files { get; init; } = [];

    /// <summary>How often it was sent to the service.</summary>
    public int Attempts { get; init; }

    /// <summary>When it was sent last.</summary>
    public DateTimeOffset? SubmittedAt { get; init; }

    /// <summary>When its images were seen to be ready.</summary>
    public DateTimeOffset? GeneratedAt { get; init; }

    /// <summary>When it came to its end: saved, failed, expired or uncertain.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When the links of its images stop working; null once the images are saved.</summary>
    public DateTimeOffset? ExpiresAt => Files.Length > 0 ? null : Generation?.ExpiresAt;

    /// <summary>What went wrong last, if something did.</summary>
    public ErrorCode? ErrorCode { get; init; }

    /// <summary>What went wrong last, in words.</summary>
    public string? Error { get; init; }

    /// <summary>
    /// Gets the account that the row was sent to: the service's address and a fingerprint of the key, from which the key cannot
    /// be computed; the address alone in ledgers of older versions; null before the row is sent.
    /// </summary>
    public string? Account { get; init; }

    /// <summary>The row, its status and its prompt.</summary>
    public override string ToString() => $"{(Source is null ? "" : $"{Source} ")}{Status}: {DisplayText.Clean(Prompt, 60)}";
}
