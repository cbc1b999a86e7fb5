using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Oddities of an answer's fields, whatever state the generation is in.</summary>
internal static class AnswerFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        Edit.Answer("Q11-id-text", "id as a text.", Kinds.SubmitAndFetch,
            static (body, context) => body["id"] = context.Generation!.Id.ToString(CultureInfo.InvariantCulture)),
        Edit.Create("Q11-track-id-text", "track_id as a text.", Kinds.Submit, static (_, answer) =>
        {
            if (answer.Body["track_id"] is not { } trackId)
                return null;
            answer.Body["track_id"] = trackId.ToString();
            return answer;
        }),
        Edit.Answer("Q12-failed", "The status word failed, with id and message.", Kinds.SubmitAndFetch, Fail).ForGood(),
        Edit.Finished("Q12-ready", "The status word ready where success is meant.",
            static (body, _) => body["status"] = "ready"),
        Edit.Answer("Q15-meta-texts", "Numbers and booleans of meta as texts: \"512\", \"yes\", \"true\".", Kinds.Submit,
            static (body, _) => body["meta"] = AsTexts(body["meta"]!.AsObject())),
        Edit.Answer("Q19-extra-fields", "Unknown fields of every type, in meta too.", Kinds.SubmitAndFetch, AddFields),
        Edit.Answer("Q19-nulls", "null where an array, an object or a text is expected.", Kinds.SubmitAndFetch,
            static (body, _) =>
            {
                foreach (string field in (string[])["meta", "proxy_links", "future_links", "links", "tip", "message"])
                    body[field] = null;
            }),
        Edit.Answer("key-echoed", "The caller's key in the message and in meta.", Kinds.SubmitAndFetch, EchoKey),
    ];

    private static void Fail(JsonObject body, FaultContext context)
    {
        context.Generation!.Fail();
        body.Clear();
        body["status"] = "failed";
        body["id"] = context.Generation.Id;
        body["message"] = "The generation failed.";
    }

    private static void AddFields(JsonObject body, FaultContext context)
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

    private static JsonObject AsTexts(JsonObject meta) => new(meta.Select(static field => KeyValuePair.Create(
        field.Key,
        field.Value?.GetValueKind() switch
        {
            JsonValueKind.Number => JsonValue.Create(field.Value.ToJsonString()),
            JsonValueKind.True => JsonValue.Create("true"),
            JsonValueKind.False => JsonValue.Create("no"),
            _ => field.Value?.DeepClone(),
        })));
}
