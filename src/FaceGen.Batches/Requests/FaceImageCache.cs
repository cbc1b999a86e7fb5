using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>
/// Reads face images for the rows of one file: paths are relative to the file's folder, and a file that many rows name
/// is checked once. (It is checked again when it is sent.)
/// </summary>
/// <param name="folder">The request file's folder.</param>
internal sealed class FaceImageCache(string folder)
{
    /// <summary>Enough for rows that take turns with a set of faces; more would not stay flat in memory.</summary>
    private const int Capacity = 1024;

    /// <summary>Longer texts are images themselves.</summary>
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
                ErrorCode.FaceImageInvalid, $"The face image '{DisplayText.Clean(path, 60)}' is no path of a file.", e);
        }
    }

    /// <summary>Puts the user's folder for a leading ~, as PowerShell does.</summary>
    private static string FromHome(string path) => path.StartsWith("~/", StringComparison.Ordinal) || path.StartsWith(@"~\", StringComparison.Ordinal)
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path.Substring(2))
        : path;
}
