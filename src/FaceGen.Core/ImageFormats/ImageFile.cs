using FaceGen.Contract;

namespace FaceGen.ImageFormats;

/// <summary>A picture's file.</summary>
internal static class ImageFile
{
    /// <summary>No picture of the service comes near.</summary>
    private const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>Its bytes.</summary>
    /// <exception cref="FaceGenException">It is not there, not readable, or too large.</exception>
    internal static byte[] Read(string path)
    {
        try
        {
            // What is no file of its own, a pipe say, has no length: opening it could wait for ever.
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
