namespace FaceGen.Batches.Ledgers;

/// <summary>A row of the input, as it is imported into the ledger.</summary>
/// <param name="Hash">The hash of the request, equal for equal requests.</param>
/// <param name="Request">The request, as <see cref="RequestSerializer"/> writes it.</param>
/// <param name="Images">The number of images it pays for.</param>
/// <param name="Face">The hash of its face image; null for a link.</param>
/// <param name="FaceBytes">The bytes of its face image; null for a link or a file.</param>
/// <param name="Source">The file and line of the row.</param>
internal sealed record InputRow(string Hash, string Request, int Images, string? Face, byte[]? FaceBytes, RequestSource? Source)
{
    /// <summary>Gets the path of its first image without the extension; null if it is not known before the submission.</summary>
    internal string? Path { get; init; }

    /// <summary>Gets when the file that already exists at the path was written; null if there is none.</summary>
    internal DateTimeOffset? ExistingFileWrittenAt { get; init; }

    /// <summary>Gets the size of its face image in bytes; 0 for a link.</summary>
    internal int FaceLength { get; init; }

    /// <summary>True if one image may come, although the row pays for more (Q41).</summary>
    internal bool MayReturnFewerImages { get; init; }

    /// <summary>True if an earlier version of FaceGen may have stored it under another hash.</summary>
    internal bool MayHaveLegacyHash { get; init; }
}
