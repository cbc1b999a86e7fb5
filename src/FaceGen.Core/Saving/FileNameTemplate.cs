using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FaceGen.Contract;

namespace FaceGen.Saving;

/// <summary>
/// Names the files of images: <c>{id} {index} {prompt} {seed} {style} {track_id} {row} {date}</c> stand for what they
/// say, a slash makes a folder, and the extension is the image's own. Whatever the values are, the path stays inside
/// the folder and is a name that every file system takes.
/// </summary>
internal sealed class FileNameTemplate
{
    /// <summary>The names of files unless told.</summary>
    internal const string Default = "{id}-{index}";

    /// <summary>File systems allow 255 bytes; some are left for the extension and a temporary file's ending.</summary>
    private const int MaxNameBytes = 200;

    private static readonly Regex FieldPattern = new(@"\{([^{}]*)\}", RegexOptions.CultureInvariant);

    private static readonly Regex DeviceNamePattern = new(
        @"^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static readonly Dictionary<string, Func<Generation, int, string?>> FieldValues = new(StringComparer.OrdinalIgnoreCase)
    {
        ["id"] = (generation, _) => generation.Id,
        ["index"] = (_, index) => (index + 1).ToString(CultureInfo.InvariantCulture),
        ["prompt"] = (generation, _) => ShortenPrompt(generation.Prompt),
        ["seed"] = (generation, _) => generation.Seed?.ToString(CultureInfo.InvariantCulture),
        ["style"] = (generation, _) => generation.Request?.Style ?? (generation.Meta.TryGetValue("style", out object? style) ? style as string : null),
        ["track_id"] = (generation, _) => generation.TrackId?.ToString(CultureInfo.InvariantCulture),
        ["row"] = (generation, _) => generation.Source?.Row.ToString(CultureInfo.InvariantCulture),
        ["date"] = (generation, _) => generation.CreatedAt?.ToLocalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
    };

    /// <summary>The names of the fields.</summary>
    internal static IEnumerable<string> FieldNames => FieldValues.Keys;

    private readonly string[] _segments;

    /// <summary>Checks a template.</summary>
    /// <exception cref="FaceGenException">It names a field that there is not or is not whole, or leads out of the folder.</exception>
    internal FileNameTemplate(string template)
    {
        string[] fields = [.. FieldPattern.Matches(template).Cast<Match>().Select(match => match.Groups[1].Value)];
        string? unknown = fields.FirstOrDefault(name => !FieldValues.ContainsKey(name));
        if (unknown is not null)
            throw CreateInvalidError($"'{{{DisplayText.Clean(unknown, 40)}}}' is no field of a file name; there are {string.Join(", ", FieldValues.Keys.Select(name => $"{{{name}}}"))}.");

        if (FieldPattern.Replace(template, "").IndexOfAny(['{', '}']) >= 0)
            throw CreateInvalidError($"'{DisplayText.Clean(template, 100)}' has a brace that is no field's: each field has one before and one after its name.");

        _segments = template.Split('/', '\\');
        if (_segments.Any(segment => segment.Trim() is "" or "." or ".." || segment.Any(c => c == ':')))
            throw CreateInvalidError($"'{DisplayText.Clean(template, 100)}' must name a file inside the folder.");
    }

    /// <summary>Whether the names are known before the service has answered.</summary>
    internal bool IsKnownBeforeSubmission(Request request) => _segments.All(segment =>
        FieldPattern.Matches(segment).Cast<Match>().All(match => match.Groups[1].Value.ToUpperInvariant() switch
        {
            "ID" or "DATE" => false,
            "SEED" => request.Seed is not null,
            "STYLE" => request.Style is not null,
            "TRACK_ID" => request.TrackId is not null,
            _ => true,
        }));

    /// <summary>Returns the paths of a request's images, where they are known before the service has answered; none otherwise.</summary>
    internal IEnumerable<string> ExpandBeforeSubmission(Request request)
    {
        if (!IsKnownBeforeSubmission(request)) return [];

        var generation = new Generation
        {
            Id = "",
            Request = request,
            Prompt = request.Prompt,
            Seed = request.Seed,
            TrackId = request.TrackId,
            Images = [.. Enumerable.Repeat("", request.ImageCount)],
        };
        return Enumerable.Range(0, request.ImageCount).Select(index => Expand(generation, index));
    }

    /// <summary>Whether it gives every request the same name, since no field in it is the request's own.</summary>
    internal bool IsSameForAllRequests => _segments.All(segment =>
        FieldPattern.Matches(segment).Cast<Match>().All(match => match.Groups[1].Value.ToUpperInvariant() is "INDEX" or "DATE"));

    /// <summary>True if files may be in folders below the folder.</summary>
    internal bool HasFolders => _segments.Length > 1;

    /// <summary>The path below the folder, without extension.</summary>
    internal string Expand(Generation generation, int index)
    {
        string[] names = ExpandSegments(generation, index);
        // Two images never share a name: not without {index}, nor where a long name was cut before it.
        if (generation.Images.Count > 1 && names.SequenceEqual(ExpandSegments(generation, index + 1)))
            names[names.Length - 1] += $"-{index + 1}";

        return Path.Combine(names);
    }

    private string[] ExpandSegments(Generation generation, int index) =>
        [.. _segments.Select(segment => ToSafeName(FieldPattern.Replace(
            segment, match => FieldValues[match.Groups[1].Value](generation, index) is { Length: > 0 } value ? value : "none")))];

    /// <summary>Makes a name that is one name, on every file system.</summary>
    private static string ToSafeName(string name)
    {
        var safe = new StringBuilder(name.Length);
        int bytes = 0;
        // Half of a pair, which cannot be normalized, comes back from its bytes as U+FFFD.
        string whole = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(DisplayText.Clean(name, MaxNameBytes))).Replace("\uFFFD", "");
        foreach (char c in whole.Normalize(NormalizationForm.FormC))
        {
            bytes += c < 0x80 ? 1 : char.IsSurrogate(c) ? 2 : 3;
            if (bytes > MaxNameBytes) break;
            safe.Append(c is '<' or '>' or ':' or '"' or '/' or '\\' or '|' or '?' or '*' ? '_' : c);
        }

        // A cut can leave half of a pair behind, and Windows drops blanks and dots at the end.
        if (safe.Length > 0 && char.IsHighSurrogate(safe[safe.Length - 1])) safe.Length--;
        string trimmed = safe.ToString().Trim().TrimEnd('.', ' ');
        return trimmed.Length == 0 || DeviceNamePattern.IsMatch(trimmed) ? "_" + trimmed : trimmed;
    }

    private static string? ShortenPrompt(string? prompt)
    {
        const int longest = 60;
        if (prompt is null) return null;

        string clean = DisplayText.Clean(prompt, int.MaxValue);
        if (clean.Length <= longest) return clean;

        int word = clean.LastIndexOf(' ', longest);
        return clean.Substring(0, word > longest / 2 ? word : longest);
    }

    private static FaceGenException CreateInvalidError(string message) => new(ErrorCode.FileNameInvalid, message);
}
