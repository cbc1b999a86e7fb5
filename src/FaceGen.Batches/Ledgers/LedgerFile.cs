namespace FaceGen.Batches.Ledgers;

/// <summary>A saved image of a row.</summary>
/// <param name="Index">The number of the image in the row, from 1.</param>
/// <param name="Path">The full path of the file.</param>
/// <param name="Length">The size in bytes.</param>
/// <param name="Sha256">The SHA-256 in lower-case hexadecimal.</param>
/// <param name="Format">The format.</param>
/// <param name="Width">The width in pixels.</param>
/// <param name="Height">The height in pixels.</param>
/// <param name="Filtered">True if the service's safety filter seems to have replaced the image.</param>
/// <param name="Incomplete">True if the file lacks the end marker of its format.</param>
internal sealed record LedgerFile(
    int Index, string Path, long Length, string Sha256, ImageFormat Format, int Width, int Height, bool Filtered, bool Incomplete = false)
{
    /// <summary>Returns the status of a row whose images are saved in these files.</summary>
    internal static BatchItemStatus GetRowStatus(IReadOnlyList<LedgerFile> files) =>
        files.Any(file => file.Filtered) ? BatchItemStatus.Filtered : BatchItemStatus.Saved;
}
