using FaceGen.Contract;

namespace FaceGen.Reporting;

/// <summary>One request in a report, and its outcome.</summary>
internal sealed record ReportEntry
{
    /// <summary>The fields that are not in <see cref="Parameters"/>: the report has them elsewhere, or they do not affect the image.</summary>
    private static readonly RequestField[] OtherFields = [RequestField.Prompt, RequestField.Style, RequestField.Seed, RequestField.Base64];

    internal required BatchItemStatus Status { get; init; }

    internal string Prompt { get; init; } = "";

    internal string? Style { get; init; }

    internal long? Seed { get; init; }

    internal string? Id { get; init; }

    /// <summary>Gets the file and line of the request.</summary>
    internal string? Row { get; init; }

    /// <summary>Gets the other fields of the request by the API's names, its additional fields, and the columns of its row.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Parameters { get; init; } = [];

    internal int Attempts { get; init; }

    internal DateTimeOffset? SubmittedAt { get; init; }

    internal DateTimeOffset? GeneratedAt { get; init; }

    internal DateTimeOffset? EndedAt { get; init; }

    internal DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Gets the number of seconds that the service took.</summary>
    internal double? Seconds { get; init; }

    internal string? ErrorCode { get; init; }

    internal string? Error { get; init; }

    internal IReadOnlyList<SavedImage> Files { get; init; } = [];

    /// <summary>Returns the entry of a row of a batch.</summary>
    internal static ReportEntry From(BatchItem item) => From(item.Request, item.Generation) with
    {
        Status = item.StatusValue,
        Attempts = item.Attempts,
        SubmittedAt = item.SubmittedAt,
        GeneratedAt = item.GeneratedAt,
        EndedAt = item.EndedAt,
        ExpiresAt = item.ExpiresAt,
        ErrorCode = item.ErrorCode,
        Error = RemoveSource(item.Error, item.Source),
        Files = item.Files,
    };

    /// <summary>Returns the entry of a saved image; the report joins the images of one generation.</summary>
    internal static ReportEntry From(SavedImage image) => From(image.Generation.Request, image.Generation) with
    {
        Status = image.Filtered ? BatchItemStatus.Filtered : BatchItemStatus.Saved,
        Attempts = 1,
        SubmittedAt = image.Generation.CreatedAt,
        Files = [image],
    };

    private static ReportEntry From(Request? request, Generation? generation) => new()
    {
        Status = BatchItemStatus.Pending,
        Prompt = request?.Prompt ?? generation?.Prompt ?? "",
        Style = request is null ? GetMeta(generation, RequestField.Style) : request.Style ?? RequestField.Style.Default,
        Seed = generation?.Seed ?? request?.Seed,
        Id = generation?.Id,
        Row = request?.Source?.ToString(),
        Seconds = generation?.Seconds,
        Parameters = request is null ? [] : DescribeParameters(request),
    };

    private static string? GetMeta(Generation? generation, RequestField field) =>
        generation is not null && generation.Meta.TryGetValue(field.Name, out object? value) ? value as string : null;

    /// <summary>
    /// Returns what any reader of a report may see: the link of a face image without its query, which may be a signature, a
    /// file name without its folders, and no webhook, whose address is a secret.
    /// </summary>
    private static KeyValuePair<string, string>[] DescribeParameters(Request request)
    {
        FaceImage face = request.FaceImage;
        string shownFace = face.Link is { } link ? link.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.SafeUnescaped)
            : face.FilePath is { } path ? DisplayText.GetFileName(path)
            : face.ToString();
        return
        [
            .. request.Fields.Where(pair => pair.Value is not null && !pair.Field.IsPrivate && !OtherFields.Contains(pair.Field)).Select(pair =>
                new KeyValuePair<string, string>(pair.Field.Name, pair.Value is FaceImage ? shownFace : RequestData.Format(pair.Value))),
            .. request.AdditionalFields.Select(field => new KeyValuePair<string, string>(field.Key, RequestData.Format(field.Value))),
            .. request.Columns.Where(column => column.Value.Length > 0),
        ];
    }

    /// <summary>Removes the row from an error message, so that the same error of several rows has one text.</summary>
    private static string? RemoveSource(string? error, RequestSource? source) =>
        source is not null && error?.StartsWith($"{source}: ", StringComparison.Ordinal) == true ? error.Substring($"{source}: ".Length) : error;
}
