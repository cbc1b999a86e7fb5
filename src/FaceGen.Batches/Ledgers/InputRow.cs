namespace FaceGen.Batches.Ledgers;

/// <summary>A row of the input, as it is entered in the ledger.</summary>
/// <param name="Hash">What the row asks for, in short: equal for equal requests.</param>
/// <param name="Request">The request, as <see cref="RequestSerializer"/> writes it.</param>
/// <param name="Images">How many images it pays for.</param>
/// <param name="Face">The hash of its face image where that is no link; null for a link.</param>
/// <param name="FaceBytes">The face image's bytes where it is neither link nor file.</param>
/// <param name="Source">Where it stands.</param>
internal sealed record InputRow(string Hash, string Request, int Images, string? Face, byte[]? FaceBytes, RequestSource? Source)
{
    /// <summary>Where its first image is to be saved, without the extension; null where that is not known before it is sent.</summary>
    internal string? Path { get; init; }

    /// <summary>When the file was written that is there already; null where there is none.</summary>
    internal DateTimeOffset? ExistingFileWrittenAt { get; init; }

    /// <summary>How many bytes its face image has; 0 for a link.</summary>
    internal int FaceLength { get; init; }

    /// <summary>True if an earlier version of FaceGen may have entered it under another hash.</summary>
    internal bool MayHaveLegacyHash { get; init; }
}
