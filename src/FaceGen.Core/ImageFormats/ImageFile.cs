using FaceGen.Contract;

namespace FaceGen.ImageFormats;

/// <summary>Reads image files of the user.</summary>
internal static class ImageFile
{
    /// <summary>The largest file in bytes, far larger than images of the service.</summary>
    private const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>Returns the content of a file.</summary>
    /// <exception cref="FaceGenException">The file does not exist, cannot be read, or is too large.</exception>
    internal static byte[] Read(string path)
    {
        try
        {
            // A pipe has no length, and opening it could block forever.
            var file = new FileInfo(path);
            if (file is { Exists: true, Length: 0 }) throw CreateInvalidError("It is empty.");
            if (file is { Exists: true, Length: > MaxBytes }) throw CreateInvalidError("It is larger than 64 MB.");
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CreateInvalidError(e is FileNotFoundException or DirectoryNotFoundException ? "It does not exist." : DisplayText.Clean($"It cannot be read: {e.Message}"), e);
        }
    }

    private static FaceGenException CreateInvalidError(string message, Exception? inner = null) => new(ErrorCode.ImageInvalid, message, inner);
}
