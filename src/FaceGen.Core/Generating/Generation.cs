using FaceGen.Contract;

namespace FaceGen;

/// <summary>A generation at the service, as it was when it was last looked at.</summary>
public sealed record Generation
{
    private IReadOnlyList<string> _images = [];

    /// <summary>The service's id; empty where it is not known (<see cref="GenerationStatus.Uncertain"/>).</summary>
    public required string Id { get; init; }

    /// <summary>How far it is.</summary>
    public GenerationStatus Status { get; init; }

    /// <summary>The links of the images; empty until they are ready, and where images came as base64 in place.</summary>
    public Uri[] Output { get; private init; } = [];

    /// <summary>What the picture was to show.</summary>
    public string? Prompt { get; init; }

    /// <summary>The seed that was used: the same one gives the same image again.</summary>
    public long? Seed { get; init; }

    /// <summary>How many seconds the service took.</summary>
    public double? GenerationTime { get; init; }

    /// <summary>How many seconds the service expected to take, when it last said so.</summary>
    public double? Eta { get; init; }

    /// <summary>When the request was sent that the service accepted; null where only the id is known.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>How many images there are.</summary>
    public int ImageCount => Images.Count;

    /// <summary>When the links stop working: 24 hours after <see cref="CreatedAt"/>.</summary>
    public DateTimeOffset? ExpiresAt => CreatedAt?.AddHours(Limits.LinkLifetimeHours);

    /// <summary>The caller's own number.</summary>
    public long? TrackId { get; init; }

    /// <summary>What the service last said of it; empty where it said nothing.</summary>
    public string Message { get; init; } = "";

    /// <summary>The parameters as the service used them.</summary>
    public IReadOnlyDictionary<string, object?> Meta { get; init; } = ServiceResponse.EmptyMeta;

    /// <summary>What was asked for; null where only the id is known.</summary>
    public Request? Request { get; init; }

    /// <summary>The file and line of the request, if it was read from a file.</summary>
    public RequestSource? Source => Request?.Source;

    /// <summary>
    /// Gets the account that the generation belongs to: the service's address and a fingerprint of the key, from which the key
    /// cannot be computed. It is kept where the object is serialized; null where it is not known.
    /// </summary>
    public string? Account { get; internal init; }

    /// <summary>Gets the connection that acts for the generation; null for one that came back through serialization.</summary>
    internal Connection? Connection
    {
        get;
        init
        {
            field = value;
            Account = value?.Account ?? Account;
        }
    }

    /// <summary>Each image: a link, or base64 in place.</summary>
    internal IReadOnlyList<string> Images
    {
        get => _images;
        init
        {
            _images = value;
            Output = [.. value.Select(ParseLink).OfType<Uri>().Select(DisplayText.EscapeLink)];
        }
    }

    /// <summary>The same images at other links, each list in the order of the images.</summary>
    internal IReadOnlyList<IReadOnlyList<string>> OtherLinks { get; init; } = [];

    /// <summary>How many images the service sent beyond those that were asked for; they are ignored.</summary>
    internal int UnusedImageCount { get; private init; }

    internal bool IsFinished => Status is not GenerationStatus.Processing;

    /// <summary>What is said of one that has failed.</summary>
    internal string FailureMessage => $"The service could not make the image of generation {Id}{(Message.Length > 0 ? $": {Message.TrimEnd('.')}" : "")}.";

    /// <summary>Takes in what an answer tells.</summary>
    internal Generation WithResponse(ServiceResponse response, GenerationStatus status)
    {
        IReadOnlyList<IReadOnlyList<string>> lists =
            response.Output.Count > 0 ? [response.Output, .. response.AlternateLinks] : response.AlternateLinks;
        IReadOnlyList<string> received = lists.Count > 0 ? lists[0] : [];
        // More than were asked for are not this request's images, whatever they are.
        int most = Request?.Samples ?? Limits.MaxSamples;
        IReadOnlyList<string> images = Truncate(received, most);
        return this with
        {
            Status = status,
            Images = status == GenerationStatus.Success ? images : [],
            UnusedImageCount = status == GenerationStatus.Success ? received.Count - images.Count : 0,
            OtherLinks = lists.Count > 0 ? [.. lists.Skip(1).Where(list => list.Count == received.Count).Select(list => Truncate(list, most))] : OtherLinks,
            Prompt = Prompt ?? (response.Meta.TryGetValue("prompt", out object? prompt) ? prompt as string : null),
            Seed = response.Seed ?? Seed,
            GenerationTime = response.GenerationTime ?? GenerationTime,
            Eta = response.Eta ?? Eta,
            TrackId = response.TrackId ?? TrackId,
            Message = response.Message,
            Meta = response.Meta.Count > 0 ? response.Meta : Meta,
        };
    }

    private static IReadOnlyList<string> Truncate(IReadOnlyList<string> list, int maxCount) => list.Count <= maxCount ? list : [.. list.Take(maxCount)];

    /// <summary>Returns what identifies the generation and says what was asked for; a poll gives the rest.</summary>
    internal Generation ToOutline() => new()
    {
        Id = Id,
        Connection = Connection,
        Prompt = Prompt,
        Seed = Seed,
        CreatedAt = CreatedAt,
        TrackId = TrackId,
        // A face image in memory is too large to keep for each of many.
        Request = Request is { FaceImage: { Link: null, FilePath: null } } ? null : Request,
    };

    /// <summary>An image as a link; null where it is base64 in place.</summary>
    internal static Uri? ParseLink(string image) =>
        image.StartsWith("http", StringComparison.OrdinalIgnoreCase) && Uri.TryCreate(image, UriKind.Absolute, out Uri? link)
            && (link.Scheme == Uri.UriSchemeHttps || link.Scheme == Uri.UriSchemeHttp)
            ? link
            : null;

    /// <summary>The id, the status and the prompt.</summary>
    public override string ToString() => $"{Id} {Status}{(Prompt is null ? "" : $": {DisplayText.Clean(Prompt, 60)}")}";
}
