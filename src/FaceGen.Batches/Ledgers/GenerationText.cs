using System.Text;
using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Batches.Ledgers;

/// <summary>Generations as the ledger keeps them: enough to fetch them, and to download images whose links are known.</summary>
internal static class GenerationText
{
    internal static string Write(Generation generation) => Encoding.UTF8.GetString(JsonObject.Write(json =>
    {
        json.WriteString("status", generation.Status.ToString());
        if (generation.CreatedAt is { } created) json.WriteString("created_at", created.ToUniversalTime());
        WriteTexts(json, "images", generation.Images);
        json.WriteStartArray("other_links");
        foreach (IReadOnlyList<string> links in generation.OtherLinks) WriteTexts(json, null, links);
        json.WriteEndArray();
        if (generation.Prompt is { } prompt) json.WriteString("prompt", prompt);
        if (generation.Seed is { } seed) json.WriteNumber("seed", seed);
        if (generation.GenerationTime is { } seconds) json.WriteShortest("generation_time", seconds);
        if (generation.Eta is { } eta) json.WriteShortest("eta", eta);
        if (generation.TrackId is { } trackId) json.WriteNumber("track_id", trackId);
        if (generation.Account is { } account) json.WriteString("account", account);
        json.WriteString("message", generation.Message);
        json.WriteStartObject("meta");
        foreach (KeyValuePair<string, object?> value in generation.Meta) WriteValue(json, value.Key, value.Value);
        json.WriteEndObject();
    }));

    /// <summary>Makes the generation of a row again. Where its text was changed by hand to something invalid, its id is enough to ask for it anew.</summary>
    internal static Generation Read(LedgerRow row, Request request)
    {
        var known = new Generation { Id = row.GenerationId!, Request = request, CreatedAt = row.SubmittedAt, Account = row.Address };
        try
        {
            using JsonDocument document = JsonDocument.Parse(row.Generation ?? "");
            JsonElement root = document.RootElement;
            string[] images = Texts(root.GetProperty("images"));
            return known with
            {
                Status = (GenerationStatus)Enum.Parse(typeof(GenerationStatus), root.GetProperty("status").GetString()!),
                CreatedAt = Get(root, "created_at")?.GetDateTimeOffset(),
                Images = images,
                OtherLinks = [.. root.GetProperty("other_links").EnumerateArray().Select(Texts).Where(links => links.Length == images.Length)],
                Prompt = Get(root, "prompt")?.GetString(),
                Seed = Get(root, "seed")?.GetInt64(),
                GenerationTime = Get(root, "generation_time")?.GetDouble(),
                Eta = Get(root, "eta")?.GetDouble(),
                TrackId = Get(root, "track_id")?.GetInt64(),
                // A ledger of an older version holds only the address.
                Account = AccountMark.TryRead(Get(root, "account")?.GetString()) ?? row.Address,
                Message = root.GetProperty("message").GetString()!,
                Meta = root.GetProperty("meta").EnumerateObject()
                    .ToDictionary(value => value.Name, value => Value(value.Value), StringComparer.OrdinalIgnoreCase),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException or FormatException)
        {
            return known;
        }
    }

    /// <summary>Returns the mark of the account that has paid for a row; null for a row that was not accepted.</summary>
    internal static string? AccountOf(LedgerRow row)
    {
        if (row.GenerationId is null) return null;

        try
        {
            using JsonDocument document = JsonDocument.Parse(row.Generation ?? "");
            return AccountMark.TryRead(Get(document.RootElement, "account")?.GetString()) ?? row.Address;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return row.Address;
        }
    }

    private static JsonElement? Get(JsonElement parent, string name) => parent.TryGetProperty(name, out JsonElement value) ? value : null;

    private static string[] Texts(JsonElement array) => [.. array.EnumerateArray().Select(text => text.GetString()!)];

    private static void WriteTexts(Utf8JsonWriter json, string? name, IReadOnlyList<string> texts)
    {
        if (name is null) json.WriteStartArray();
        else json.WriteStartArray(name);
        foreach (string text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null: json.WriteNull(name); break;
            case bool flag: json.WriteBoolean(name, flag); break;
            case long number: json.WriteNumber(name, number); break;
            case double number: json.WriteShortest(name, number); break;
            default: json.WriteString(name, value.ToString()); break;
        }
    }

    private static object? Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when value.TryGetInt64(out long whole) => whole,
        JsonValueKind.Number => value.GetDouble(),
        _ => value.GetString(),
    };
}
