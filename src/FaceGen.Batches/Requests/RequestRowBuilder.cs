using FaceGen.Contract;

namespace FaceGen.Batches.Requests;

/// <summary>Builds the rows of one file from the values that a format's reader finds.</summary>
/// <param name="file">The full path of the file.</param>
internal sealed class RequestRowBuilder(string file)
{
    /// <summary>The maximum number of unknown names that are reported for a file.</summary>
    private const int MaxUnknownNames = 100;

    private readonly RequestBuilder _draft = new(new FaceImageCache(Path.GetDirectoryName(file) ?? "").Read);
    private readonly HashSet<string> _reportedUnknown = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _unknown = [];
    private int _row;

    /// <summary>Sets a field to a text, a number or a boolean.</summary>
    internal void Set(RequestField field, object value) => _draft.Set(field, value);

    /// <inheritdoc cref="RequestBuilder.AddName"/>
    internal void AddName(RequestField field, string name) => _draft.AddName(field, name);

    /// <inheritdoc cref="RequestBuilder.ClearNames"/>
    internal void ClearNames() => _draft.ClearNames();

    /// <summary>Clears a field.</summary>
    internal void SetNull(RequestField field) => _draft.Set(field, null);

    /// <summary>Records a value that no field can have, described by words that follow "not".</summary>
    internal void SetUnusable(RequestField field, string description) => _draft.SetInvalid(field, description);

    /// <summary>Records a name that the API does not have; each is reported once per file.</summary>
    internal void AddUnknownName(string name)
    {
        if (_reportedUnknown.Count == MaxUnknownNames || _reportedUnknown.Contains(name)) return;

        string shown = InvisibleCharacters.Escape(name, 60);
        if (_reportedUnknown.Add(shown)) _unknown.Add(shown);
    }

    /// <summary>Discards what was read so far, which describes a sidecar's image: the request follows.</summary>
    internal void BeginSidecar()
    {
        _draft.StartSidecarRequest();
        _reportedUnknown.ExceptWith(_unknown);
        _unknown.Clear();
    }

    /// <summary>Rejects the row.</summary>
    /// <param name="reason">A sentence.</param>
    internal void Refuse(string reason) => _draft.AddError(reason);

    /// <summary>Returns the finished row.</summary>
    /// <param name="line">The line on which the row begins.</param>
    internal RequestRow Build(int line) => _draft.Build(new RequestSource(file, line, ++_row), RemoveUnknownNames());

    private string[] RemoveUnknownNames()
    {
        if (_unknown.Count == 0) return [];

        string[] names = [.. _unknown];
        _unknown.Clear();
        return names;
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
                ErrorCode.FaceImageInvalid, $"The face image '{DisplayText.Clean(path, 60)}' is not a valid file path. Correct it.", e);
        }
    }

    /// <summary>Replaces a leading ~ by the user's folder, as PowerShell does.</summary>
    private static string FromHome(string path) => path.StartsWith("~/", StringComparison.Ordinal) || path.StartsWith(@"~\", StringComparison.Ordinal)
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path.Substring(2))
        : path;
}
