namespace FaceGen.Batches.Ledgers;

/// <summary>An image that stands in a file.</summary>
/// <param name="Index">Which of the row's images it is, the first being 1.</param>
/// <param name="Path">The file's full path.</param>
/// <param name="Length">Its size in bytes.</param>
/// <param name="Sha256">Its SHA-256, in lower-case hexadecimal.</param>
/// <param name="Format">Its format.</param>
/// <param name="Width">Its width in pixels.</param>
/// <param name="Height">Its height in pixels.</param>
/// <param name="Filtered">Whether the service's safety filter seems to have taken the picture away.</param>
/// <param name="Incomplete">Whether the file lacks the end marker of its format.</param>
internal sealed record LedgerFile(
    int Index, string Path, long Length, string Sha256, ImageFormat Format, int Width, int Height, bool Filtered, bool Incomplete = false)
{
    /// <summary>How far a row is whose images stand in these files.</summary>
    internal static BatchItemStatus GetRowStatus(IReadOnlyList<LedgerFile> files) =>
        files.Any(file => file.Filtered) ? BatchItemStatus.Filtered : BatchItemStatus.Saved;
}
