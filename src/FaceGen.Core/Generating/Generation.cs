using FaceGen.Contract;

namespace FaceGen;

/// <summary>A generation, as the service last reported it.</summary>
public sealed record Generation
{
    private IReadOnlyList<string> _images = [];

    /// <summary>Gets the service's id; empty if it is unknown (<see cref="GenerationStatus.Uncertain"/>).</summary>
    public required string Id { get; init; }

    /// <summary>Gets the status: the name of a <see cref="GenerationStatus"/>, since ConvertTo-Json writes an enum as a number.</summary>
    public string Status => StatusValue.ToString();

    /// <summary>Gets the number of the request in its file or pipeline, from 1; null if it is unknown.</summary>
    public int? Row => Source?.Row;

    /// <summary>Gets the prompt.</summary>
    public string? Prompt { get; init; }

    /// <summary>Gets the style that was requested or used; null if it is unknown.</summary>
    public string? Style => Request?.Style ?? (Meta.TryGetValue(RequestField.Style.Name, out object? style) ? style as string : null);

    /// <summary>Gets the width that was requested in pixels; null for that of the face image.</summary>
    public int? Width => Request?.Width;

    /// <summary>Gets the height that was requested in pixels; null for that of the face image.</summary>
    public int? Height => Request?.Height;

    /// <summary>Gets the seed that was used: the same seed gives the same image again.</summary>
    public long? Seed { get; init; }

    /// <summary>Gets the links of the images; empty until they are ready, and for inline images.</summary>
    public JoinedList<Uri> Output { get; private init; } = new();

    /// <summary>Gets the number of images.</summary>
    public int ImageCount => Images.Count;

    /// <summary>
    /// Gets the number of seconds that the service took; null if it does not report them: it does in the response to a submission that it
    /// finishes at once.
    /// </summary>
    public double? Seconds { get; init; }

    /// <summary>Gets the number of seconds that the service last expected to take.</summary>
    public double? Eta { get; init; }

    /// <summary>Gets when the accepted request was sent; null if only the id is known.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Gets when the links expire: 24 hours after <see cref="CreatedAt"/>.</summary>
    public DateTimeOffset? ExpiresAt => CreatedAt?.AddHours(Limits.LinkLifetimeHours);

    /// <summary>Gets the track id, a number or a text that the caller chose.</summary>
    public string? TrackId { get; init; }

    /// <summary>Gets the service's last message about the generation; empty if there is none.</summary>
    public string Message { get; init; } = "";

    /// <summary>Gets the parameters that the service used, and the flags of its safety filter.</summary>
    public IReadOnlyDictionary<string, object?> Meta { get; init; } = RequestData.None<object?>();

    /// <summary>Gets the request; null if only the id is known.</summary>
    public Request? Request { get; init; }

    /// <summary>Gets the address that the service named for fetching the generation; null if it named none.</summary>
    public Uri? FetchResult { get; internal init; }

    /// <summary>Gets the links that the service named for the images before they exist; empty if it named none.</summary>
    public JoinedList<Uri> FutureLinks { get; internal init; } = new();

    /// <summary>Gets the file and line of the request; null if it was not read from a file.</summary>
    public RequestSource? Source => Request?.Source;

    /// <summary>
    /// Gets the account that the generation belongs to: the service's address and a fingerprint of the key, from which the key
    /// cannot be computed. Serialization keeps it; null if it is unknown.
    /// </summary>
    public string? Account { get; internal init; }

    /// <summary>Gets the value of <see cref="Status"/>.</summary>
    internal GenerationStatus StatusValue { get; init; }

    /// <summary>Gets the connection that acts for the generation; null for a deserialized one.</summary>
    internal Connection? Connection
    {
        get;
        init
        {
            field = value;
            Account = value?.Account ?? Account;
        }
    }

    /// <summary>Gets the images: each a link, or inline base64.</summary>
    internal IReadOnlyList<string> Images
    {
        get => _images;
        init
        {
            _images = value;
            Output = ToLinks(value);
        }
    }

    /// <summary>Gets lists of other links to the same images, each in the order of the images.</summary>
    internal IReadOnlyList<IReadOnlyList<string>> AlternateLinks { get; init; } = [];

    /// <summary>Gets the number of images beyond those that were requested; they are ignored.</summary>
    internal int UnusedImageCount { get; private init; }

    /// <summary>Gets the number of images that were requested and are not among those of a finished generation.</summary>
    internal int MissingImageCount => StatusValue == GenerationStatus.Success && ImageCount > 0 ? Math.Max(0, (Request?.ImageCount ?? 0) - ImageCount) : 0;

    /// <summary>True if a command has warned of the missing images.</summary>
    internal bool HasMissingImageWarning { get; init; }

    /// <summary>True if the generation has ended.</summary>
    internal bool IsFinished => StatusValue is not GenerationStatus.Processing;

    /// <summary>Gets why a generation failed, without a period.</summary>
    internal string FailureCause => $"The service could not create the image of generation {Id}{(Message.Length > 0 ? $": {Message.TrimEnd('.')}" : "")}";

    /// <summary>Creates the error of a generation that failed.</summary>
    internal FaceGenException CreateFailedError() =>
        new(ErrorCode.GenerationFailed, $"{FailureCause}. You may have been charged. Change the prompt or the face image.") { Cause = FailureCause };

    /// <summary>Creates the error of a generation that has no image to save.</summary>
    internal FaceGenException CreateNoImagesError() =>
        new(ErrorCode.OutputMissing, $"Generation {Id} has the status {Status} and no images. Nothing was saved. Run Get-FaceGenImage {Id} later, or read its Message for the reason.");

    /// <summary>Returns the generation as a response reports it.</summary>
    internal Generation WithResponse(ServiceResponse response, GenerationStatus status)
    {
        IReadOnlyList<IReadOnlyList<string>> lists =
            response.Output.Count > 0 ? [response.Output, .. response.AlternateLinks] : response.AlternateLinks;
        IReadOnlyList<string> received = lists.Count > 0 ? lists[0] : [];
        // Images beyond those that were requested are not this request's.
        int maxCount = Request?.Samples ?? RequestField.Samples.Maximum!.Value;
        IReadOnlyList<string> images = Truncate(received, maxCount);
        return this with
        {
            StatusValue = status,
            Images = status == GenerationStatus.Success ? images : [],
            UnusedImageCount = status == GenerationStatus.Success ? received.Count - images.Count : 0,
            AlternateLinks = lists.Count > 0 ? [.. lists.Skip(1).Where(list => list.Count == received.Count).Select(list => Truncate(list, maxCount))] : AlternateLinks,
            FetchResult = response.FetchResult ?? FetchResult,
            FutureLinks = response.FutureLinks.Count > 0 ? ToLinks(Truncate(response.FutureLinks, maxCount)) : FutureLinks,
            Prompt = Prompt ?? (response.Meta.TryGetValue("prompt", out object? prompt) ? prompt as string : null),
            Seed = response.Seed ?? Seed,
            Seconds = response.GenerationTime ?? Seconds,
            Eta = response.Eta ?? Eta,
            TrackId = response.TrackId ?? TrackId,
            Message = response.Message,
            Meta = ContentFlags.AddTo(response.Meta.Count > 0 ? response.Meta : Meta, response.ContentFlags),
        };
    }

    private static IReadOnlyList<string> Truncate(IReadOnlyList<string> list, int maxCount) => list.Count <= maxCount ? list : [.. list.Take(maxCount)];

    /// <summary>Returns what identifies the generation and its request; a poll gets the rest.</summary>
    internal Generation ToOutline() => new()
    {
        Id = Id,
        Connection = Connection,
        Prompt = Prompt,
        Seed = Seed,
        CreatedAt = CreatedAt,
        TrackId = TrackId,
        FetchResult = FetchResult,
        FutureLinks = FutureLinks,
        // Face images in memory would fill it.
        Request = Request is { FaceImage: { Link: null, FilePath: null } } ? null : Request,
    };

    /// <summary>Returns the links among texts, safe to display.</summary>
    internal static JoinedList<Uri> ToLinks(IEnumerable<string> texts) => new([.. texts.Select(ParseLink).OfType<Uri>().Select(DisplayText.EscapeLink)]);

    /// <summary>Returns the link of an image; null if the image is inline.</summary>
    internal static Uri? ParseLink(string image) =>
        image.StartsWith("http", StringComparison.OrdinalIgnoreCase) && Uri.TryCreate(image, UriKind.Absolute, out Uri? link)
            && (link.Scheme == Uri.UriSchemeHttps || link.Scheme == Uri.UriSchemeHttp)
            ? link
            : null;

    /// <summary>Returns the id, the status and the prompt.</summary>
    public override string ToString() => $"{Id} {Status}{(Prompt is null ? "" : $": {DisplayText.Clean(Prompt, 60)}")}";
}
