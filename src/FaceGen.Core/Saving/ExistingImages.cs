using FaceGen.ImageFormats;

namespace FaceGen.Saving;

/// <summary>Finds and reads image files that exist already, such as those that a killed process saved.</summary>
/// <param name="files">Performs the file operations.</param>
/// <param name="factory">Describes the images.</param>
internal sealed class ExistingImages(FileStorage files, SavedImageFactory factory)
{
    private static readonly ImageFormat[] Formats =
    [
        ImageFormat.Png, ImageFormat.Jpeg, ImageFormat.WebP, ImageFormat.Gif, ImageFormat.Avif, ImageFormat.Heif, ImageFormat.Bmp, ImageFormat.Tiff,
        ImageFormat.JpegXl,
    ];

    /// <summary>The maximum number of folders whose names are in memory.</summary>
    private const int MaxFolders = 256;

    /// <summary>Returns the file of an image, whatever its format; null if there is none.</summary>
    /// <param name="files">Performs the file operations.</param>
    /// <param name="path">The path without the extension.</param>
    /// <param name="names">Gives the extensions; null for the usual ones.</param>
    internal static string? FindFile(FileStorage files, string path, FileNameTemplate? names = null) =>
        Formats.Select(format => path + (names?.GetExtension(format) ?? format.GetExtension())).FirstOrDefault(files.FileExists);

    /// <summary>Returns a function that does the same for many images: it reads each folder once, when it first needs it.</summary>
    internal static Func<string, string?> CreateFinder(FileStorage files)
    {
        // Hashes of names, since a folder may contain a million files; a file whose name may be in the folder is looked up there.
        Dictionary<string, HashSet<int>?> folders = new(StringComparer.Ordinal);
        return path =>
        {
            string folder = Path.GetDirectoryName(path)!;
            if (!folders.TryGetValue(folder, out HashSet<int>? names))
            {
                if (folders.Count == MaxFolders) folders.Clear();
                folders[folder] = names = ReadNames(files, folder);
            }

            string name = Path.GetFileName(path);
            // File systems differ in which other characters they take for the same.
            bool isAscii = name.All(character => character < 128);
            return isAscii && names?.Contains(GetNameHash(name)) == false ? null : FindFile(files, path);
        };
    }

    /// <summary>Returns the hashes of the names in a folder without extensions; null if the folder cannot be read.</summary>
    private static HashSet<int>? ReadNames(FileStorage files, string folder)
    {
        try
        {
            return [.. files.GetFileNames(folder).Select(name => GetNameHash(Path.GetFileNameWithoutExtension(name)))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int GetNameHash(string name) => StringComparer.OrdinalIgnoreCase.GetHashCode(name);

    /// <summary>Returns when a file was written; a time before any submission if the system does not report it.</summary>
    internal static DateTimeOffset GetLastWriteTime(FileStorage files, string path)
    {
        try
        {
            return files.GetLastWriteTimeUtc(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return DateTimeOffset.FromUnixTimeMilliseconds(0);
        }
    }

    /// <summary>
    /// Returns the images of a generation if every file exists, is complete, and was written since the request was sent; null
    /// otherwise.
    /// </summary>
    /// <param name="paths">The paths of its images without extensions.</param>
    /// <param name="generation">The generation.</param>
    internal IReadOnlyList<SavedImage>? FindAll(IEnumerable<string> paths, Generation generation)
    {
        string?[] found = [.. paths.Select(path => FindFile(files, path))];
        try
        {
            return found.Any(path => path is null || GetLastWriteTime(files, path) < generation.CreatedAt) ? null
                : [.. found.Select((path, index) => Read(path!, generation, index))];
        }
        catch (FaceGenException e) when (e.Code is ErrorCode.ImageInvalid or ErrorCode.FileExists)
        {
            // A file of that name that is not an image proves nothing.
            return null;
        }
    }

    /// <summary>Reads an image file.</summary>
    /// <exception cref="FaceGenException">The file cannot be read, or is not a complete image.</exception>
    internal SavedImage Read(string path, Generation generation, int index)
    {
        byte[] bytes = ReadFile(path);
        ImageInfo info = ImageInfo.Read(bytes)
            ?? throw new FaceGenException(ErrorCode.ImageInvalid, $"'{path}' already exists and is not a complete image. Nothing was saved. -Force replaces it.");
        var whole = new ArraySegment<byte>(bytes);
        return factory.Create(path, new CheckedImage(whole, info), generation, index, SavedImageFactory.ComputeSha256(PngText.Strip(whole)));
    }

    /// <summary>
    /// Returns the image if its file already holds it; null otherwise. The metadata in the file may differ, because a later
    /// response need not repeat all that the first one contained.
    /// </summary>
    /// <param name="image">The image that could not be written, because a file of its name exists.</param>
    /// <param name="content">The image as the service sent it.</param>
    internal SavedImage? FindSame(SavedImage image, ArraySegment<byte> content)
    {
        if (!files.FileExists(image.FullName)) return null;

        var existing = new ArraySegment<byte>(ReadFile(image.FullName));
        return SavedImageFactory.ComputeSha256(PngText.Strip(existing)) == SavedImageFactory.ComputeSha256([content])
            ? image with { Length = existing.Count, Sha256 = SavedImageFactory.ComputeSha256([existing]) }
            : null;
    }

    /// <summary>Reads a file that counts as saved from now on.</summary>
    private byte[] ReadFile(string path)
    {
        try
        {
            // The process that named the file may have ended before the name was on the disk.
            files.FlushFolder(Path.GetDirectoryName(path)!);
        }
        catch (IOException e)
        {
            throw new FaceGenException(ErrorCode.FileNotWritten, $"'{path}' already exists, and its name could not be written to the disk: {e.Message.TrimEnd('.')}. Nothing was overwritten. Check the disk and run the command again.", e);
        }

        try
        {
            return files.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FaceGenException(ErrorCode.FileExists, $"'{path}' already exists and cannot be read: {e.Message.TrimEnd('.')}. Nothing was overwritten.", e);
        }
    }
}
