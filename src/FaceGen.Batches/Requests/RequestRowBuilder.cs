using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Builds the rows of one file from the values that a format's reader finds.</summary>
/// <param name="file">The full path of the file.</param>
/// <param name="defaults">The values of rows that give none of their own.</param>
internal sealed class RequestRowBuilder(string file, CommandValues defaults)
{
    /// <summary>The maximum number of columns that are reported for a file.</summary>
    private const int MaxReportedColumns = 100;

    private readonly HashSet<string> _reportedColumns = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _newColumns = [];
    private int _row;

    /// <summary>Gets the builder of the current row.</summary>
    internal RequestBuilder Row { get; } = new(new FaceImageCache(Path.GetDirectoryName(file) ?? "").Read) { Defaults = defaults };

    /// <summary>Gets the values of rows that give none of their own.</summary>
    internal CommandValues Defaults => defaults;

    /// <summary>Sets a column that is not a field of the API. Each is reported once per file.</summary>
    internal void SetColumn(string name, string value)
    {
        Row.SetColumn(name, value);
        ReportColumn(name);
    }

    /// <summary>Reports a column with the next row, unless a row before it has it.</summary>
    internal void ReportColumn(string name)
    {
        if (_reportedColumns.Count < MaxReportedColumns && _reportedColumns.Add(name)) _newColumns.Add(name);
    }

    /// <inheritdoc cref="RequestBuilder.StartSidecarRequest"/>
    internal void StartSidecarRequest()
    {
        Row.StartSidecarRequest();
        _reportedColumns.ExceptWith(_newColumns);
        _newColumns.Clear();
    }

    /// <summary>Returns the finished row.</summary>
    /// <param name="line">The line on which the row begins.</param>
    internal RequestRow Build(int line)
    {
        string[] columns = [.. _newColumns];
        _newColumns.Clear();
        return Row.Build(new RequestSource(file, line, ++_row), columns);
    }
}

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
                ErrorCode.FaceImageInvalid, $"The face image '{DisplayText.Clean(path, 60)}' is not a valid file path. Nothing was sent. Correct the path, or use a link.", e);
        }
    }

    /// <summary>Replaces a leading ~ by the user's folder, as PowerShell does.</summary>
    private static string FromHome(string path) => path.StartsWith("~/", StringComparison.Ordinal) || path.StartsWith(@"~\", StringComparison.Ordinal)
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path.Substring(2))
        : path;
}
