namespace FaceGen.Batches.Ledgers;

/// <summary>A row as it stands in the ledger.</summary>
internal sealed record LedgerRow
{
    /// <summary>The ledger's own number of the row.</summary>
    internal required long Item { get; init; }

    /// <summary>Where the row stood in the input that named it last.</summary>
    internal RequestSource? Source { get; init; }

    /// <summary>By this and its number the rows are in the order of the input.</summary>
    internal long Position { get; init; }

    /// <summary>The request, as <see cref="RequestSerializer"/> writes it.</summary>
    internal required string Request { get; init; }

    /// <summary>How many images the row pays for.</summary>
    internal required int Images { get; init; }

    /// <summary>The hash of the face image where that is no link.</summary>
    internal string? Face { get; init; }

    internal required BatchItemStatus Status { get; init; }

    /// <summary>How often the row was sent.</summary>
    internal int Attempts { get; init; }

    /// <summary>
    /// Who works on the row: a number that is drawn anew each time the row is taken, so that whoever held it before can
    /// no longer write. 0 where nobody does.
    /// </summary>
    internal long Fence { get; init; }

    /// <summary>The root of the service that it was sent to.</summary>
    internal string? Address { get; init; }

    /// <summary>The service's id.</summary>
    internal string? GenerationId { get; init; }

    /// <summary>What is known of the generation, as <see cref="GenerationSerializer"/> writes it.</summary>
    internal string? Generation { get; init; }

    internal DateTimeOffset? SubmittedAt { get; init; }

    internal DateTimeOffset? GeneratedAt { get; init; }

    internal DateTimeOffset? EndedAt { get; init; }

    internal DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Until when a row of unknown outcome may fill a place of the account's queue.</summary>
    internal DateTimeOffset? SlotUntil { get; init; }

    internal ErrorCode? ErrorCode { get; init; }

    internal string? Error { get; init; }

    internal IReadOnlyList<LedgerFile> Files { get; init; } = [];
}
