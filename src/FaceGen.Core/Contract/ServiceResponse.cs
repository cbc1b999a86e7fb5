using System.Collections.ObjectModel;
using System.Globalization;
using System.Text.Json;

namespace FaceGen.Contract;

/// <summary>
/// An answer of the service, read tolerantly: services of this family spell fields differently, send numbers as text,
/// a bare string for an array and null for anything. What is not understood is left out; nothing here throws for it.
/// </summary>
internal sealed record ServiceResponse
{
    /// <summary>Where links stand besides <c>output</c>, the likeliest first.</summary>
    private static readonly string[] LinkFields = ["links", "future_links", "proxy_links"];

    private static readonly string[] MessageFields = ["message", "messege", "error", "detail"];

    /// <summary>Where the service says what to do, and at times why or how long to wait (Q38, Q40).</summary>
    private static readonly string[] TipFields = ["tip", "tips", "tip_1"];

    /// <summary>The fields of a validation error that are about the key, not about the request.</summary>
    private static readonly string[] KeyFields = ["key", "api_key"];

    /// <summary>How much of a message is read: the reason stands at its beginning.</summary>
    private const int MaxMessageLength = 2048;

    private static readonly string[] EmptyIdValues = ["null", "none", "nil", "undefined", "n/a"];

    /// <summary>About as many parameters as a service tells.</summary>
    private const int InitialMetaCapacity = 16;

    /// <summary>The most values that an answer may have: reading more would take many times the answer's own size.</summary>
    private const int MaxValues = 1_000_000;

    /// <summary>The most texts that are read of one field: several times the images, links and messages that an answer has.</summary>
    private const int MaxTexts = 1000;

    /// <summary>The most parameters that are read.</summary>
    private const int MaxMetaFields = 256;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    /// <summary>The status word in lower case; empty where there is none.</summary>
    internal string Status { get; private init; } = "";

    internal string? Id { get; private init; }

    /// <summary>The id that stands in <c>request_id</c>, where some answers to a submission have it (Q36).</summary>
    internal string? RequestId { get; private init; }

    /// <summary>The id of what a submission began.</summary>
    internal string? AcceptedId => Id ?? RequestId;

    /// <summary>What the service says to a person, in one line; empty where it says nothing.</summary>
    internal string Message { get; private init; } = "";

    /// <summary>
    /// The message as it came where it is plain text, or speaks of the key; else empty: what is said of other single fields is
    /// about the request.
    /// </summary>
    internal string MessageText { get; private init; } = "";

    /// <summary>What the service advises, as it came; empty where it does not.</summary>
    internal string Tips { get; private init; } = "";

    /// <summary>The images: links, or base64 in place.</summary>
    internal IReadOnlyList<string> Output { get; private init; } = [];

    /// <summary>The same images at other links, each list in the order of the images; no list is empty.</summary>
    internal IReadOnlyList<IReadOnlyList<string>> AlternateLinks { get; private init; } = [];

    /// <summary>Seconds until the images are likely to be ready.</summary>
    internal double? Eta { get; private init; }

    /// <summary>Seconds that the generation took.</summary>
    internal double? GenerationTime { get; private init; }

    /// <summary>Seconds to wait before asking again.</summary>
    internal double? RetryAfter { get; private init; }

    internal long? Seed { get; private init; }

    internal long? TrackId { get; private init; }

    /// <summary>The parameters as the service used them.</summary>
    internal IReadOnlyDictionary<string, object?> Meta { get; private init; } = EmptyMeta;

    /// <summary>The whole answer, for the calls whose fields only they have.</summary>
    internal JsonElement Root { get; private init; }

    internal bool IsSuccess => Status is "success" or "succeeded" or "completed" or "ready";

    internal bool IsPending => Status is "processing" or "queued" or "pending" or "in_queue" or "starting";

    /// <summary>Whether there is a status word that is none of those known.</summary>
    internal bool HasUnknownStatus => Status.Length > 0 && !IsSuccess && !IsPending && !IsFailure;

    internal bool IsFailure => Status is "error" or "failed" or "failure";

    internal static IReadOnlyDictionary<string, object?> EmptyMeta { get; } =
        new ReadOnlyDictionary<string, object?>(new Dictionary<string, object?>());

    /// <summary>The answer that a submission would have had that was accepted, as far as its id is known.</summary>
    internal static ServiceResponse CreateAccepted(string id) => new() { Id = id, Status = "processing" };

    /// <summary>Reads a body; null where it is no JSON object.</summary>
    internal static ServiceResponse? TryParse(ReadOnlyMemory<byte> body)
    {
        // Some servers begin with a byte order mark, which JSON does not have.
        if (body.Span.StartsWith("\uFEFF"u8)) body = body.Slice(3);

        JsonElement root;
        try
        {
            if (HasTooManyValues(body.Span)) body = KeepScalarFields(body.Span);

            var reader = new Utf8JsonReader(body.Span, Options);
            root = JsonElement.ParseValue(ref reader);
            // Nothing may follow.
            reader.Read();
        }
        catch (JsonException)
        {
            return null;
        }

        return root.ValueKind == JsonValueKind.Object ? Create(root) : null;
    }

    private static bool HasTooManyValues(ReadOnlySpan<byte> body)
    {
        // Each value has a character and a comma at least.
        if (body.Length / 2 < MaxValues) return false;

        var reader = new Utf8JsonReader(body, Options);
        for (int values = 0; values <= MaxValues; values++)
        {
            if (!reader.Read()) return false;
        }

        return true;
    }

    /// <summary>
    /// An answer of countless values without its arrays and objects: what is left has the status and the id, by which the
    /// images are found.
    /// </summary>
    /// <exception cref="JsonException">The body is not JSON.</exception>
    private static byte[] KeepScalarFields(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, Options);
        reader.Read();
        using var kept = new MemoryStream();
        int fields = 0;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1) continue;

            ReadOnlySpan<byte> name = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            if (fields++ >= MaxTexts) continue;

            // As they stand: nothing is unescaped.
            bool isText = reader.TokenType == JsonTokenType.String;
            kept.WriteByte((byte)(fields == 1 ? '{' : ','));
            Write(kept, name, isText: true);
            kept.WriteByte((byte)':');
            Write(kept, reader.ValueSpan, isText);
        }

        if (fields == 0) kept.WriteByte((byte)'{');
        kept.WriteByte((byte)'}');
        return kept.ToArray();
    }

    private static void Write(MemoryStream json, ReadOnlySpan<byte> value, bool isText)
    {
        if (isText) json.WriteByte((byte)'"');
        byte[] bytes = value.ToArray();
        json.Write(bytes, 0, bytes.Length);
        if (isText) json.WriteByte((byte)'"');
    }

    private static ServiceResponse Create(JsonElement root)
    {
        JsonElement meta = GetProperty(root, "meta");
        return new ServiceResponse
        {
            Root = root,
            Status = (ReadText(GetProperty(root, "status")) ?? "").Trim().ToLowerInvariant(),
            Id = ReadId(GetProperty(root, "id")) ?? ReadIdFromLink(GetProperty(root, "fetch_result")),
            Message = ReadMessage(root),
            RequestId = ReadId(GetProperty(root, "request_id")),
            MessageText = ReadMessageText(root),
            Tips = Truncate(string.Join(" ", TipFields.SelectMany(name => ReadTexts(GetProperty(root, name))))),
            Output = ReadTexts(GetProperty(root, "output")),
            AlternateLinks = [.. LinkFields.Select(name => ReadTexts(GetProperty(root, name))).Where(links => links.Count > 0)],
            Eta = ReadNumber(GetProperty(root, "eta")),
            GenerationTime = ReadNumber(GetProperty(root, "generationTime")) ?? ReadNumber(GetProperty(root, "generation_time")),
            RetryAfter = ReadNumber(GetProperty(root, "retry_after")),
            TrackId = ReadInteger(GetProperty(root, "track_id")),
            Seed = ReadInteger(GetProperty(meta, "seed")) ?? ReadInteger(GetProperty(root, "seed")),
            Meta = ReadMeta(meta),
        };
    }

    internal static JsonElement GetProperty(JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object) return default;

        try
        {
            return parent.TryGetProperty(name, out JsonElement value) ? value : default;
        }
        catch (InvalidOperationException)
        {
            // A name beside it is no Unicode.
            return FindProperty(parent, name);
        }
    }

    private static JsonElement FindProperty(JsonElement parent, string name) =>
        parent.EnumerateObject().LastOrDefault(property => ReadName(property) == name).Value;

    internal static double? ReadNumber(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetDouble(out double number) && !double.IsInfinity(number) => number,
        JsonValueKind.String when double.TryParse(
            ReadString(value), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && !double.IsNaN(number) && !double.IsInfinity(number) => number,
        _ => null,
    };

    internal static string? ReadText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => ReadString(value),
        JsonValueKind.Number => value.GetRawText(),
        _ => null,
    };

    /// <summary>A text; null where its bytes or escapes are no Unicode, which the parser lets pass until here.</summary>
    private static string? ReadString(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string ReadName(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }

    private static long? ReadInteger(JsonElement value) =>
        long.TryParse(ReadText(value), NumberStyles.Integer, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static string? ReadId(JsonElement value) => ReadId(ReadText(value));

    /// <summary>An id; null for what stands where there is none.</summary>
    private static string? ReadId(string? text) =>
        DisplayText.Clean(text) is var id && (id is "" or "0" || id[0] == '-' || EmptyIdValues.Contains(id, StringComparer.OrdinalIgnoreCase)) ? null : id;

    private static string? ReadIdFromLink(JsonElement value)
    {
        string? link = ReadText(value);
        if (!Uri.TryCreate(link, UriKind.Absolute, out Uri? address)) return null;

        string[] segments = [.. address.Segments.Select(segment => Uri.UnescapeDataString(segment.Trim('/'))).Where(segment => segment.Length > 0)];
        return segments.Length >= 2 && segments[segments.Length - 2] == "fetch" ? ReadId(segments[segments.Length - 1]) : null;
    }

    /// <summary>The texts of an array, of an object's values, or a bare one; empty ones are left out.</summary>
    private static List<string> ReadTexts(JsonElement value)
    {
        List<string> texts = [];
        AddTexts(value, texts);
        return texts;
    }

    private static void AddTexts(JsonElement value, List<string> texts)
    {
        if (texts.Count >= MaxTexts) return;

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                if (ReadString(value)?.Trim() is { Length: > 0 } text) texts.Add(text);
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray()) AddTexts(item, texts);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in value.EnumerateObject()) AddTexts(property.Value, texts);
                break;
        }
    }

    private static string ReadMessage(JsonElement root)
    {
        foreach (string name in MessageFields)
        {
            string said = string.Join(" ", ReadMessageParts(GetProperty(root, name)));
            if (said.Length > 0) return DisplayText.Clean(said);
        }

        return DisplayText.Clean(TipFields.Select(name => string.Join(" ", ReadTexts(GetProperty(root, name)))).FirstOrDefault(tip => tip.Length > 0));
    }

    private static string ReadMessageText(JsonElement root)
    {
        foreach (string name in MessageFields)
        {
            JsonElement value = GetProperty(root, name);
            string said = value.ValueKind switch
            {
                JsonValueKind.Object when GetProperty(value, "message").ValueKind == JsonValueKind.String => ReadString(GetProperty(value, "message")) ?? "",
                JsonValueKind.Object => string.Join(" ", KeyFields.SelectMany(field => ReadTexts(GetProperty(value, field)))),
                JsonValueKind.Array => string.Join(" ", value.EnumerateArray().Take(MaxTexts).Select(ReadText).OfType<string>()),
                _ => ReadText(value) ?? "",
            };
            if (said.Length > 0) return Truncate(said);
        }

        return "";
    }

    private static string Truncate(string text) => text.Length <= MaxMessageLength ? text : text.Substring(0, MaxMessageLength);

    /// <summary>A message can be a text, an array of them, or an object of arrays by field.</summary>
    private static IEnumerable<string> ReadMessageParts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object when GetProperty(value, "message").ValueKind == JsonValueKind.String => ReadTexts(GetProperty(value, "message")),
        JsonValueKind.Object => value.EnumerateObject().Take(MaxTexts).Select(field => $"{ReadName(field)}: {string.Join(" ", ReadTexts(field.Value))}"),
        _ => ReadTexts(value),
    };

    private static IReadOnlyDictionary<string, object?> ReadMeta(JsonElement meta)
    {
        if (meta.ValueKind != JsonValueKind.Object) return EmptyMeta;

        var values = new Dictionary<string, object?>(InitialMetaCapacity, StringComparer.OrdinalIgnoreCase);
        foreach (JsonProperty property in meta.EnumerateObject())
        {
            if (values.Count >= MaxMetaFields) break;

            // Some services echo the request with its key.
            string name = DisplayText.Clean(ReadName(property));
            if (name.Equals("key", StringComparison.OrdinalIgnoreCase)) continue;

            values[name] = property.Value.ValueKind switch
            {
                JsonValueKind.String => ReadString(property.Value) is { } text ? DisplayText.CleanLines(text) : null,
                JsonValueKind.Number when property.Value.TryGetInt64(out long whole) => whole,
                JsonValueKind.Number => ReadNumber(property.Value),
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.Null => null,
                _ => DisplayText.CleanLines(property.Value.GetRawText()),
            };
        }

        return new ReadOnlyDictionary<string, object?>(values);
    }
}
