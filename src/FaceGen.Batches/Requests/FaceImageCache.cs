using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>
/// Reads the face images of one request file's rows. Paths are relative to the folder of the file, and an image that many rows name is
/// checked once here, and again when it is sent.
/// </summary>
/// <param name="folder">The folder of the request file.</param>
internal sealed class FaceImageCache(string folder)
{
    /// <summary>The maximum number of cached images, which bounds memory.</summary>
    private const int Capacity = 1024;

    /// <summary>The maximum length of a path or link; longer texts are inline images and are not cached.</summary>
    private const int MaxKeyLength = 2048;

    private readonly Dictionary<string, FaceImage> _byText = new(StringComparer.Ordinal);

    internal FaceImage Read(string text)
    {
        if (_byText.TryGetValue(text, out FaceImage? known)) return known;

        FaceImage image = FaceImage.Parse(text, ToFullPath);
        if (text.Length > MaxKeyLength) return image;

        if (_byText.Count == Capacity) _byText.Clear();
        _byText.Add(text, image);
        return image;
    }

    private string ToFullPath(string path)
    {
        try
        {
            return Path.GetFullPath(Path.Combine(folder, FromHome(path)));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or IOException)
        {
            throw new FaceGenException(
                ErrorCode.FaceImageInvalid, $"The face image '{DisplayText.Clean(path, 60)}' is not a valid file path. Correct it.", e);
        }
    }

    /// <summary>Replaces a leading ~ by the user's folder, as PowerShell does.</summary>
    private static string FromHome(string path) => path.StartsWith("~/", StringComparison.Ordinal) || path.StartsWith(@"~\", StringComparison.Ordinal)
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path.Substring(2))
        : path;
}
