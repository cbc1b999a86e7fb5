using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FaceGen.Contract;

namespace FaceGen.Saving;

/// <summary>
/// The template of file names: the fields <c>{id} {index} {prompt} {seed} {style} {track_id} {face} {row} {date}</c>, any other field
/// of a request and any column of its row are replaced by their values, a slash separates folders, and the extension is that of the
/// format, also if the template or a value ends in another one. With any values the path is inside the folder and valid on every file
/// system.
/// </summary>
internal class FileNameTemplate
{
    /// <summary>The default template.</summary>
    internal const string Default = "{id}-{index}";

    /// <summary>The longest name in bytes: file systems allow 255, and the extension needs some.</summary>
    private const int MaxNameBytes = 200;

    /// <summary>The length of a UUID: other ids are shorter.</summary>
    private const int MaxIdLength = 36;

    /// <summary>The length of a prefix that makes a name valid, and of a suffix that makes it unique.</summary>
    private const int MaxSuffixLength = 4;

    private static readonly Regex FieldPattern = new(@"\{([^{}]*)\}", RegexOptions.CultureInvariant);

    private static readonly Regex DeviceNamePattern = new(
        @"^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static readonly Dictionary<string, Func<Generation, int, string?>> ValueGetters = new(StringComparer.OrdinalIgnoreCase)
    {
        ["id"] = (generation, _) => generation.Id,
        ["index"] = (_, index) => (index + 1).ToString(CultureInfo.InvariantCulture),
        ["prompt"] = (generation, _) => ShortenPrompt(generation.Prompt),
        ["seed"] = (generation, _) => generation.Seed?.ToString(CultureInfo.InvariantCulture),
        ["style"] = (generation, _) => generation.Style,
        ["track_id"] = (generation, _) => generation.TrackId,
        ["face"] = (generation, _) => GetFaceName(generation.Request?.FaceImage),
        ["face_image"] = (generation, _) => GetFaceName(generation.Request?.FaceImage),
        ["row"] = (generation, _) => generation.Source?.Row.ToString(CultureInfo.InvariantCulture),
        ["date"] = (generation, _) => generation.CreatedAt?.ToLocalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
    };

    /// <summary>Gets the names of the fields that every generation has.</summary>
    internal static IEnumerable<string> CommonNames => ValueGetters.Keys.Where(name => name != RequestField.FaceImage.Name);

    private readonly string[] _segments;
    private readonly string[] _columns = [];

    /// <summary>Parses a template.</summary>
    /// <exception cref="FaceGenException">The template has an unpaired brace or an empty field, or leads out of the folder.</exception>
    internal FileNameTemplate(string template)
    {
        if (FieldPattern.Matches(template).Cast<Match>().Any(match => InvisibleCharacters.IsEmpty(match.Groups[1].Value) || match.Groups[1].Value.IndexOfAny(['/', '\\']) >= 0))
            throw CreateInvalidError($"'{DisplayText.Clean(template, 100)}' has a field that is empty or contains a slash. {UsableNames}");

        // Only a row shows whether it has a column, but a misspelled field is known before anything is paid for.
        foreach (Match match in FieldPattern.Matches(template))
        {
            if (FindValue(match.Groups[1].Value) is null && FieldNames.FindNearest(match.Groups[1].Value) is { } near)
                throw CreateInvalidError($"'{{{InvisibleCharacters.Escape(match.Groups[1].Value, 40)}}}' is not a field of a file name. Did you mean '{{{near.Name}}}'? Rename a column that has this name. {UsableNames}");
        }

        if (FieldPattern.Replace(template, "").IndexOfAny(['{', '}']) >= 0)
            throw CreateInvalidError($"'{DisplayText.Clean(template, 100)}' has an unpaired brace. Write one brace before and one after the name of a field.");

        // Blanks around a name in braces have no meaning.
        template = FieldPattern.Replace(template, match => $"{{{InvisibleCharacters.Trim(match.Groups[1].Value)}}}");
        _columns = [.. FieldPattern.Matches(template).Cast<Match>().Select(match => match.Groups[1].Value).Where(name => FindValue(name) is null)];
        _segments = template.Split('/', '\\');
        if (_segments.Any(segment => segment.Trim() is "" or "." or ".." || segment.Any(c => c == ':')))
            throw CreateInvalidError($"'{DisplayText.Clean(template, 100)}' does not name a file inside the folder. Leave out drives, empty names and '..'.");
    }

    /// <summary>Creates an object that gets its names in another way.</summary>
    private protected FileNameTemplate() => _segments = [];

    /// <summary>Checks that a request, which need not be submitted yet, has the columns of the template.</summary>
    /// <exception cref="FaceGenException">The request has no column of this name.</exception>
    internal void CheckColumns(Request request)
    {
        if (_columns.FirstOrDefault(column => !request.Columns.ContainsKey(column)) is { } missing) throw CreateColumnError(missing, request, request.Source);
    }

    /// <summary>True if the names are known before the request is submitted.</summary>
    internal virtual bool IsKnownBeforeSubmission(Request request) => _segments.All(segment =>
        FieldPattern.Matches(segment).Cast<Match>().All(match => match.Groups[1].Value.ToUpperInvariant() switch
        {
            "ID" or "DATE" => false,
            "SEED" => request.Seed is not null,
            "STYLE" => request.Style is not null,
            "TRACK_ID" => request.TrackId is not null,
            _ => true,
        }));

    /// <summary>Returns the paths of a request's images if they are known before it is submitted; none otherwise.</summary>
    internal IEnumerable<string> ExpandBeforeSubmission(Request request)
    {
        if (!IsKnownBeforeSubmission(request)) return [];

        Generation generation = CreateGeneration(request);
        return Enumerable.Range(0, request.ImageCount).Select(index => Expand(generation, index));
    }

    /// <summary>Returns the longest path that an image of a request can get. What only the service knows is replaced by long values.</summary>
    internal string ExpandLongest(Request request) => Expand(
        CreateGeneration(request) with { Id = new string('0', MaxIdLength), Seed = request.Seed ?? int.MaxValue, CreatedAt = DateTimeOffset.UtcNow },
        request.ImageCount - 1);

    /// <summary>Gets an upper limit of the length of a path in bytes.</summary>
    internal virtual int MaxLength => _segments.Length * (MaxNameBytes + MaxSuffixLength + 1);

    private static Generation CreateGeneration(Request request) => new()
    {
        Id = "",
        Request = request,
        Prompt = request.Prompt,
        Seed = request.Seed,
        TrackId = request.TrackId,
        Images = [.. Enumerable.Repeat("", request.ImageCount)],
    };

    /// <summary>True if all requests get the same name, because no field depends on the request.</summary>
    internal bool IsSameForAllRequests => _segments.All(segment =>
        FieldPattern.Matches(segment).Cast<Match>().All(match => match.Groups[1].Value.ToUpperInvariant() is "INDEX" or "DATE"));

    /// <summary>True if files may be in folders below the folder.</summary>
    internal virtual bool HasFolders => _segments.Length > 1;

    /// <summary>Returns the path of an image, relative to the folder and without the extension.</summary>
    /// <exception cref="FaceGenException">The template has a column that the row of the generation does not have.</exception>
    internal virtual string Expand(Generation generation, int index)
    {
        string[] names = ExpandSegments(generation, index);
        // Two images of a generation never have the same name, even without {index} or if a long name was cut before it.
        string number = generation.Images.Count > 1 && names.SequenceEqual(ExpandSegments(generation, index + 1)) ? $"-{index + 1}" : "";
        names[names.Length - 1] = RemoveImageExtension(names[names.Length - 1]) + number;
        return Path.Combine(names);
    }

    /// <summary>Returns the extension of a file.</summary>
    internal virtual string GetExtension(ImageFormat format) => format.GetExtension();

    /// <summary>Returns the names of the folders and of the file.</summary>
    private protected virtual string[] ExpandSegments(Generation generation, int index) =>
        [.. _segments.Select(segment => ToSafeName(FieldPattern.Replace(
            segment, match => GetValue(match.Groups[1].Value, generation, index) is { Length: > 0 } value ? value : "none")))];

    /// <summary>Returns the value of a field, of a request's field, or of a column.</summary>
    /// <exception cref="FaceGenException">The row has neither a field nor a column of this name.</exception>
    private static string? GetValue(string name, Generation generation, int index)
    {
        if (FindValue(name) is { } get) return get(generation, index);
        return generation.Request?.Columns.TryGetValue(name, out string? cell) == true ? cell : throw CreateColumnError(name, generation.Request, generation.Source);
    }

    private static FaceGenException CreateColumnError(string name, Request? request, RequestSource? source)
    {
        string columns = request is not { Columns.Count: > 0 } ? "" : $" The row has the columns {string.Join(", ", request.Columns.Keys.Select(column => $"{{{InvisibleCharacters.Escape(column, 40)}}}"))}.";
        return CreateInvalidError($"{(source is null ? "" : $"{source}: ")}'{{{InvisibleCharacters.Escape(name, 40)}}}' is neither a field of a file name nor a column of the row.{columns} {UsableNames}");
    }

    /// <summary>Returns the function that gets the value of a field; null for a column.</summary>
    private static Func<Generation, int, string?>? FindValue(string name)
    {
        name = InvisibleCharacters.Trim(name);
        if (ValueGetters.TryGetValue(name, out Func<Generation, int, string?>? get)) return get;
        if (FieldNames.Find(name) is not { IsPrivate: false } field) return null;

        return (generation, _) => generation.Request?[field] is { } value ? RequestData.Format(value) : null;
    }

    private static string UsableNames => $"Use {string.Join(", ", CommonNames.Select(name => $"{{{name}}}"))}, or a column of the row.";

    /// <summary>Returns the name of a face image's file or link without its extension; null for an inline image.</summary>
    private static string? GetFaceName(FaceImage? face) => face?.Link is { } link ? Path.GetFileNameWithoutExtension(DisplayText.GetFileName(Uri.UnescapeDataString(link.AbsolutePath)))
        : face?.FilePath is { } path ? Path.GetFileNameWithoutExtension(DisplayText.GetFileName(path))
        : null;

    private static string RemoveImageExtension(string name) =>
        ImageHeader.FindFormatByExtension(name) is not null && Path.GetFileNameWithoutExtension(name).TrimEnd('.', ' ') is { Length: > 0 } rest ? rest : name;

    /// <summary>Returns a name that is valid on every file system.</summary>
    private protected static string ToSafeName(string name)
    {
        var safe = new StringBuilder(name.Length);
        int bytes = 0;
        // Half of a surrogate pair, which cannot be normalized, becomes U+FFFD in UTF-8.
        string whole = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(DisplayText.Clean(name, MaxNameBytes))).Replace("\uFFFD", "");
        foreach (char c in whole.Normalize(NormalizationForm.FormC))
        {
            bytes += c < 0x80 ? 1 : char.IsSurrogate(c) ? 2 : 3;
            if (bytes > MaxNameBytes) break;
            safe.Append(c is '<' or '>' or ':' or '"' or '/' or '\\' or '|' or '?' or '*' ? '_' : c);
        }

        // A cut can leave half of a surrogate pair, and Windows removes spaces and dots at the end.
        if (safe.Length > 0 && char.IsHighSurrogate(safe[safe.Length - 1])) safe.Length--;
        string trimmed = safe.ToString().Trim().TrimEnd('.', ' ');
        return trimmed.Length == 0 || DeviceNamePattern.IsMatch(trimmed) ? "_" + trimmed : trimmed;
    }

    private static string? ShortenPrompt(string? prompt)
    {
        const int MaxLength = 60;
        if (prompt is null) return null;

        string clean = DisplayText.Clean(prompt, int.MaxValue);
        if (clean.Length <= MaxLength) return clean;

        int space = clean.LastIndexOf(' ', MaxLength);
        return clean.Substring(0, space > MaxLength / 2 ? space : MaxLength);
    }

    private protected static FaceGenException CreateInvalidError(string message) => new(ErrorCode.FileNameInvalid, message);
}
