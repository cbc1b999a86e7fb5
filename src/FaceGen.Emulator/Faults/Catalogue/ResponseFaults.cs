using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Oddities of an answer's fields, whatever state the generation is in.</summary>
internal static class ResponseFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        EditResponse.Any("Q11-id-text", "id as a text.", CallKinds.SubmitAndFetch,
            static (body, context) => body["id"] = context.Generation!.Id.ToString(CultureInfo.InvariantCulture)),
        EditResponse.Create("Q11-track-id-text", "track_id as a text.", CallKinds.Submit, static (_, answer) =>
        {
            if (answer.Body["track_id"] is not { } trackId)
                return null;
            answer.Body["track_id"] = trackId.ToString();
            return answer;
        }),
        EditResponse.Any("Q12-failed", "The status word failed, with id and message.", CallKinds.SubmitAndFetch, Fail).AsPermanent(),
        EditResponse.Finished("Q12-ready", "The status word ready where success is meant.",
            static (body, _) => body["status"] = "ready"),
        EditResponse.Any("Q15-meta-texts", "Numbers and booleans of meta as texts: \"512\", \"yes\", \"true\".", CallKinds.Submit,
            static (body, _) => body["meta"] = ToStrings(body["meta"]!.AsObject())),
        EditResponse.Any("Q19-extra-fields", "Unknown fields of every type, in meta too.", CallKinds.SubmitAndFetch, AddUnknownFields),
        EditResponse.Any("Q19-nulls", "null where an array, an object or a text is expected.", CallKinds.SubmitAndFetch,
            static (body, _) =>
            {
                foreach (string field in (string[])["meta", "proxy_links", "future_links", "links", "tip", "message"])
                    body[field] = null;
            }),
        EditResponse.Any("key-echoed", "The caller's key in the message and in meta.", CallKinds.SubmitAndFetch, EchoKey),
    ];

    private static void Fail(JsonObject body, FaultContext context)
    {
        context.Generation!.MarkFailed();
        body.Clear();
        body["status"] = "failed";
        body["id"] = context.Generation.Id;
        body["message"] = "The generation failed.";
    }

    private static void AddUnknownFields(JsonObject body, FaultContext context)
    {
        Add(body);
        if (body["meta"] is JsonObject meta)
            Add(meta);

        static void Add(JsonObject to)
        {
            to["nsfw_content_detected"] = false;
            to["queue_position"] = 0;
            to["webhook_status"] = "";
            to["images"] = new JsonArray(1, null, new JsonObject { ["deep"] = new JsonArray(new JsonObject()) });
            to["more"] = new JsonObject { ["status"] = "error", ["id"] = -1, ["output"] = new JsonArray("none") };
        }
    }

    private static void EchoKey(JsonObject body, FaultContext context)
    {
        body["message"] = $"Done for {{\"key\":\"{context.Key}\"}}.";
        JsonObject meta = body["meta"] as JsonObject ?? [];
        meta["key"] = context.Key;
        meta["request"] = new JsonObject { ["key"] = context.Key };
        body["meta"] = meta;
    }

    private static JsonObject ToStrings(JsonObject meta) => new(meta.Select(static field => KeyValuePair.Create(
        field.Key,
        field.Value?.GetValueKind() switch
        {
            JsonValueKind.Number => JsonValue.Create(field.Value.ToJsonString()),
            JsonValueKind.True => JsonValue.Create("true"),
            JsonValueKind.False => JsonValue.Create("no"),
            _ => field.Value?.DeepClone(),
        })));
}
