using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>
/// Represents a response of the service. Parsing is tolerant: services of this family spell fields differently, send numbers as
/// text, a single string for an array, and null for anything. Fields that cannot be read are skipped; nothing throws.
/// </summary>
internal sealed record ServiceResponse
{
    /// <summary>The fields that hold links besides <c>output</c>, the most reliable first.</summary>
    private static readonly string[] LinkFields = ["links", "future_links", "proxy_links"];

    private static readonly string[] EmptyIdValues = ["none", "nil", "undefined", "n/a"];

    private const int MaxMetaFields = 256;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    /// <summary>Gets the status word in lower case; empty if there is none.</summary>
    internal string Status { get; private init; } = "";

    private StatusWordKind StatusKind => StatusWord.Classify(Status);

    internal string? Id { get; private init; }

    /// <summary>Gets the id from <c>request_id</c> (Q36). In an error it can be the number of the call instead.</summary>
    internal string? RequestId { get; private init; }

    /// <summary>Gets the id of the generation that a submission started, or that a webhook delivery is about.</summary>
    internal string? AcceptedId => Id ?? RequestId;

    /// <summary>Gets the message in one line for display; empty if there is none.</summary>
    internal string Message { get; private init; } = "";

    /// <summary>
    /// Gets the unchanged message for classification: plain text, or what a validation error says about the key. Empty otherwise,
    /// because validation errors of other fields are about the request.
    /// </summary>
    internal string MessageText { get; private init; } = "";

    /// <summary>Gets the unchanged tips of the service; empty if there are none.</summary>
    internal string Tips { get; private init; } = "";

    /// <summary>Gets the images: links, or inline base64.</summary>
    internal IReadOnlyList<string> Output { get; private init; } = [];

    /// <summary>Gets other links to the same images, each list in the order of the images; no list is empty.</summary>
    internal IReadOnlyList<IReadOnlyList<string>> AlternateLinks { get; private init; } = [];

    /// <summary>Gets the address in <c>fetch_result</c>, if it is one at which generations are fetched.</summary>
    internal Uri? FetchResult { get; private init; }

    /// <summary>Gets the links in <c>future_links</c>, at which the images will be.</summary>
    internal IReadOnlyList<string> FutureLinks { get; private init; } = [];

    /// <summary>Gets the estimated time until the images are ready, in seconds.</summary>
    internal double? Eta { get; private init; }

    /// <summary>Gets the duration of the generation, in seconds.</summary>
    internal double? GenerationTime { get; private init; }

    /// <summary>Gets the requested delay before the next request, in seconds.</summary>
    internal double? RetryAfter { get; private init; }

    internal long? Seed { get; private init; }

    internal string? TrackId { get; private init; }

    /// <summary>Gets the parameters that the service used.</summary>
    internal IReadOnlyDictionary<string, object?> Meta { get; private init; } = RequestData.None<object?>();

    /// <summary>Gets the flags of <see cref="Contract.ContentFlags"/> beside <see cref="Meta"/>.</summary>
    internal IReadOnlyDictionary<string, object?> ContentFlags { get; private init; } = RequestData.None<object?>();

    /// <summary>Gets the whole response, for fields that only one kind of response has.</summary>
    internal JsonElement Root { get; private init; }

    internal bool IsSuccess => StatusKind is StatusWordKind.Success;

    internal bool IsPending => StatusKind is StatusWordKind.Pending;

    /// <summary>True if the status is a refusal or a failed generation.</summary>
    internal bool IsFailure => StatusKind is StatusWordKind.Failed or StatusWordKind.Refused;

    /// <summary>True if the status says that the service refused the call. The other words of a failure may be about a generation.</summary>
    internal bool IsRefusal => StatusKind is StatusWordKind.Refused;

    /// <summary>True if there is a status word and it is not a known one.</summary>
    internal bool HasUnknownStatus => Status.Length > 0 && StatusKind is StatusWordKind.Unknown;

    /// <summary>Creates the response to an accepted submission of which only the id is known.</summary>
    internal static ServiceResponse CreateAccepted(string id) => new() { Id = id, Status = "processing" };

    /// <summary>Parses a body; returns null if it is not a JSON object.</summary>
    internal static ServiceResponse? TryParse(ReadOnlyMemory<byte> body)
    {
        // Some servers send a byte order mark, which JSON does not allow.
        if (body.Span.StartsWith("\uFEFF"u8)) body = body.Slice(3);

        JsonElement root;
        try
        {
            body = OversizedJson.Reduce(body, Options);
            var reader = new Utf8JsonReader(body.Span, Options);
            root = JsonElement.ParseValue(ref reader);
            // Throws if anything follows the object.
            reader.Read();
        }
        catch (JsonException)
        {
            return null;
        }

        return root.ValueKind == JsonValueKind.Object ? Create(root) : null;
    }

    /// <summary>Reads an object of a response.</summary>
    internal static ServiceResponse Create(JsonElement root)
    {
        JsonElement meta = TolerantJson.GetProperty(root, "meta");
        string? fetchResult = ReadText("fetch_result");
        return new ServiceResponse
        {
            Root = root,
            Status = (ReadText("status") ?? "").Trim().ToLowerInvariant(),
            Id = ParseId(ReadText("id")) ?? (Generation.ParseLink(fetchResult ?? "") is { } address ? FindFetchedId(address) : null),
            RequestId = ParseId(ReadText("request_id")),
            Message = ResponseMessage.ReadForDisplay(root),
            MessageText = ResponseMessage.ReadText(root),
            Tips = ResponseMessage.ReadTips(root),
            Output = TolerantJson.ReadTexts(Get("output")),
            AlternateLinks = [.. LinkFields.Select(name => TolerantJson.ReadTexts(Get(name))).Where(links => links.Count > 0)],
            FetchResult = ParseFetchResult(fetchResult),
            FutureLinks = TolerantJson.ReadTexts(Get("future_links")),
            Eta = ReadNumber("eta"),
            GenerationTime = ReadNumber("generationTime") ?? ReadNumber("generation_time"),
            RetryAfter = ReadNumber("retry_after"),
            TrackId = DisplayText.Clean(ReadText("track_id")) is { Length: > 0 } trackId ? trackId : null,
            Seed = TolerantJson.ReadInteger(TolerantJson.GetProperty(meta, "seed")) ?? TolerantJson.ReadInteger(Get("seed")),
            Meta = ReadMeta(meta),
            ContentFlags = Contract.ContentFlags.Read(root, ReadMetaValue),
        };

        JsonElement Get(string name) => TolerantJson.GetProperty(root, name);
        string? ReadText(string name) => TolerantJson.ReadText(Get(name));
        double? ReadNumber(string name) => TolerantJson.ReadNumber(Get(name));
    }

    /// <summary>Returns an address, safe to display, at which generations are fetched; null for any other text.</summary>
    internal static Uri? ParseFetchResult(string? text) =>
        Generation.ParseLink(text ?? "") is { } address && FindFetchedId(address) is not null ? DisplayText.EscapeLink(address) : null;

    /// <summary>Returns an id; null for a value that means "no id".</summary>
    private static string? ParseId(string? text) =>
        DisplayText.Clean(text) is var id && (id is "" or "0" || id[0] == '-' || EmptyIdValues.Contains(id, StringComparer.OrdinalIgnoreCase)) ? null : id;

    /// <summary>Returns the id at the end of an address at which generations are fetched; null for another address.</summary>
    private static string? FindFetchedId(Uri address)
    {
        string[] segments = [.. address.Segments.Select(segment => Uri.UnescapeDataString(segment.Trim('/'))).Where(segment => segment.Length > 0)];
        return segments.Length >= 2 && segments[segments.Length - 2] == "fetch" ? ParseId(segments[segments.Length - 1]) : null;
    }

    private static IReadOnlyDictionary<string, object?> ReadMeta(JsonElement meta)
    {
        if (meta.ValueKind != JsonValueKind.Object) return RequestData.None<object?>();

        var values = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (JsonProperty property in meta.EnumerateObject())
        {
            if (values.Count >= MaxMetaFields) break;

            // Some services echo the request including the key.
            string name = DisplayText.Clean(TolerantJson.ReadName(property));
            if (name.Equals("key", StringComparison.OrdinalIgnoreCase)) continue;

            values[name] = ReadMetaValue(property.Value);
        }

        return new JoinedDictionary<object?>(values);
    }

    private static object? ReadMetaValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => TolerantJson.ReadString(value) is { } text ? DisplayText.CleanLines(text) : null,
        JsonValueKind.Number when value.TryGetInt64(out long whole) => whole,
        JsonValueKind.Number => TolerantJson.ReadNumber(value),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        _ => DisplayText.CleanLines(value.GetRawText()),
    };
}
