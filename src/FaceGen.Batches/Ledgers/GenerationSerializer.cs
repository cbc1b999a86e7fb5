using System.Text;
using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Batches.Ledgers;

/// <summary>Serializes generations for the ledger: what is needed to fetch them, and to download images whose links are known.</summary>
internal static class GenerationSerializer
{
    internal static string Serialize(Generation generation) => Encoding.UTF8.GetString(JsonObjectWriter.Write(json =>
    {
        json.WriteString("status", generation.Status);
        if (generation.CreatedAt is { } created) json.WriteString("created_at", created.ToUniversalTime());
        WriteStrings(json, "images", generation.Images);
        json.WriteStartArray("other_links");
        foreach (IReadOnlyList<string> links in generation.AlternateLinks) WriteStrings(json, null, links);
        json.WriteEndArray();
        if (generation.FetchResult is { } fetchResult) json.WriteString("fetch_result", fetchResult.AbsoluteUri);
        WriteStrings(json, "future_links", generation.FutureLinks.Select(link => link.AbsoluteUri));
        if (generation.Prompt is { } prompt) json.WriteString("prompt", prompt);
        if (generation.Seed is { } seed) json.WriteNumber("seed", seed);
        if (generation.Seconds is { } seconds) json.WriteShortestNumber("generation_time", seconds);
        if (generation.Eta is { } eta) json.WriteShortestNumber("eta", eta);
        if (generation.TrackId is { } trackId) json.WriteIdentifier("track_id", trackId);
        if (generation.Account is { } account) json.WriteString("account", account);
        json.WriteString("message", generation.Message);
        json.WriteStartObject("meta");
        foreach (KeyValuePair<string, object?> value in generation.Meta) WriteValue(json, value.Key, value.Value);
        json.WriteEndObject();
    }));

    /// <summary>Returns the generation of a row. If the text was edited by hand and is invalid, it has only the id, by which it is fetched again.</summary>
    internal static Generation Deserialize(LedgerRow row, Request request)
    {
        var known = new Generation { Id = row.GenerationId!, Request = request, CreatedAt = row.SubmittedAt, Account = row.Address };
        try
        {
            using JsonDocument document = JsonDocument.Parse(row.Generation ?? "");
            JsonElement root = document.RootElement;
            string[] images = ReadStrings(root.GetProperty("images"));
            return known with
            {
                StatusValue = (GenerationStatus)Enum.Parse(typeof(GenerationStatus), root.GetProperty("status").GetString()!),
                CreatedAt = GetProperty(root, "created_at")?.GetDateTimeOffset(),
                Images = images,
                AlternateLinks = [.. root.GetProperty("other_links").EnumerateArray().Select(ReadStrings).Where(links => links.Length == images.Length)],
                FetchResult = ServiceResponse.ParseFetchResult(GetProperty(root, "fetch_result")?.GetString()),
                FutureLinks = GetProperty(root, "future_links") is { } futureLinks ? Generation.ToLinks(ReadStrings(futureLinks)) : new(),
                Prompt = GetProperty(root, "prompt")?.GetString(),
                Seed = GetProperty(root, "seed")?.GetInt64(),
                Seconds = GetProperty(root, "generation_time")?.GetDouble(),
                Eta = GetProperty(root, "eta")?.GetDouble(),
                TrackId = TolerantJson.ReadText(TolerantJson.GetProperty(root, "track_id")),
                // A ledger of an older version contains only the address.
                Account = AccountIdentifier.TryParse(GetProperty(root, "account")?.GetString()) ?? row.Address,
                Message = root.GetProperty("message").GetString()!,
                Meta = new JoinedDictionary<object?>(root.GetProperty("meta").EnumerateObject()
                    .ToDictionary(value => value.Name, value => ReadValue(value.Value), StringComparer.OrdinalIgnoreCase)),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException or FormatException)
        {
            return known;
        }
    }

    /// <summary>Returns the identifier of the account that has paid for a row; null for a row that was not accepted.</summary>
    internal static string? GetAccount(LedgerRow row)
    {
        if (row.GenerationId is null) return null;

        try
        {
            using JsonDocument document = JsonDocument.Parse(row.Generation ?? "");
            return AccountIdentifier.TryParse(GetProperty(document.RootElement, "account")?.GetString()) ?? row.Address;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return row.Address;
        }
    }

    private static JsonElement? GetProperty(JsonElement parent, string name) => parent.TryGetProperty(name, out JsonElement value) ? value : null;

    private static string[] ReadStrings(JsonElement array) => [.. array.EnumerateArray().Select(text => text.GetString()!)];

    private static void WriteStrings(Utf8JsonWriter json, string? name, IEnumerable<string> values)
    {
        if (name is null) json.WriteStartArray();
        else json.WriteStartArray(name);
        foreach (string text in values) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null: json.WriteNull(name); break;
            case bool flag: json.WriteBoolean(name, flag); break;
            case long number: json.WriteNumber(name, number); break;
            case double number: json.WriteShortestNumber(name, number); break;
            default: json.WriteString(name, value.ToString()); break;
        }
    }

    private static object? ReadValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when value.TryGetInt64(out long whole) => whole,
        JsonValueKind.Number => value.GetDouble(),
        _ => value.GetString(),
    };
}
