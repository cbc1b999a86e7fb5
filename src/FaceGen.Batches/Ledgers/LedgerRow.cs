namespace FaceGen.Batches.Ledgers;

/// <summary>A row of the ledger.</summary>
internal sealed record LedgerRow
{
    /// <summary>Gets the ledger's number of the row.</summary>
    internal required long Item { get; init; }

    /// <summary>Gets the file and line of the row in the latest input that contains it.</summary>
    internal RequestSource? Source { get; init; }

    /// <summary>Gets the position in the input; rows are sorted by it and by their number.</summary>
    internal long Position { get; init; }

    /// <summary>The request, as <see cref="RequestSerializer"/> writes it.</summary>
    internal required string Request { get; init; }

    /// <summary>Gets the number of images that the row pays for.</summary>
    internal required int Images { get; init; }

    /// <summary>Gets the hash of the face image; null for a link.</summary>
    internal string? Face { get; init; }

    internal required BatchItemStatus Status { get; init; }

    /// <summary>Gets how often the row was submitted.</summary>
    internal int Attempts { get; init; }

    /// <summary>
    /// Gets the fence of the claim: a random number that changes with each claim, so that a former holder can no longer write. 0 if no
    /// worker holds the row.
    /// </summary>
    internal long Fence { get; init; }

    /// <summary>Gets the root address of the service that it was submitted to.</summary>
    internal string? Address { get; init; }

    /// <summary>Gets the service's id of the generation.</summary>
    internal string? GenerationId { get; init; }

    /// <summary>What is known of the generation, as <see cref="GenerationSerializer"/> writes it.</summary>
    internal string? Generation { get; init; }

    internal DateTimeOffset? SubmittedAt { get; init; }

    internal DateTimeOffset? GeneratedAt { get; init; }

    internal DateTimeOffset? EndedAt { get; init; }

    internal DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Gets the time until which an uncertain row may hold a slot of the account's queue.</summary>
    internal DateTimeOffset? SlotUntil { get; init; }

    internal ErrorCode? ErrorCode { get; init; }

    internal string? Error { get; init; }

    internal IReadOnlyList<LedgerFile> Files { get; init; } = [];
}

/// <summary>A saved image of a row.</summary>
/// <param name="Index">The number of the image in the row, from 1.</param>
/// <param name="Path">The full path of the file.</param>
/// <param name="Length">The size in bytes.</param>
/// <param name="Sha256">The SHA-256 in lower-case hexadecimal.</param>
/// <param name="Format">The format.</param>
/// <param name="Width">The width in pixels.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="Filtered">True if the service's safety filter seems to have altered the image.</param>
/// <param name="Incomplete">True if the file lacks the end marker of its format.</param>
internal sealed record LedgerFile(
    int Index, string Path, long Length, string Sha256, ImageFormat Format, int Width, int Height, bool Filtered, bool Incomplete = false)
{
    /// <summary>Returns the status of a row whose images are saved in these files.</summary>
    internal static BatchItemStatus GetRowStatus(IReadOnlyList<LedgerFile> files) =>
        files.Any(file => file.Filtered) ? BatchItemStatus.Filtered : BatchItemStatus.Saved;
}
