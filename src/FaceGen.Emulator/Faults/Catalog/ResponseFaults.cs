using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Http;

namespace FaceGen.Emulator.Faults.Catalog;

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

/// <summary>Oddities of the answer about what is in the queue.</summary>
internal static class QueuedResponseFaults
{
    private static readonly string[] IdFields = ["id", "fetch_result", "future_links", "proxy_links"];

    internal static readonly IReadOnlyList<Fault> All =
    [
        EditResponse.Queued("Q7-output-text", "processing with output as an empty text.", CallKinds.Submit,
            static (body, _) => body["output"] = ""),
        EditResponse.Queued("Q7-no-output", "processing without output.", CallKinds.SubmitAndFetch,
            static (body, _) => body.Remove("output")),
        EditResponse.Queued("Q8-no-id", "processing without id; fetch_result has it.", CallKinds.Submit,
            static (body, _) => body.Remove("id")),
        EditResponse.Queued("Q8-no-fetch-result", "processing without fetch_result.", CallKinds.Submit,
            static (body, _) => body.Remove("fetch_result")),
        EditResponse.Queued("Q8-neither", "processing without id and without any link that has it.", CallKinds.Submit,
            static (body, _) => Array.ForEach(IdFields, field => body.Remove(field))),
        EditResponse.Queued("Q9-other-version", "fetch_result on another version of the API.", CallKinds.Submit,
            static (body, context) => body["fetch_result"] = context.Service.Links.ForPath($"/api/v3/fetch/{body["id"]}")),
        EditResponse.Queued("Q9-other-host", "fetch_result on another host.", CallKinds.Submit, static (body, _) =>
            body["fetch_result"] = "https://elsewhere.invalid" + new Uri((string)body["fetch_result"]!).AbsolutePath),
        EditResponse.Queued("Q10-eta-fraction", "eta with a fraction.", CallKinds.Submit,
            static (body, _) => body["eta"] = (int?)body["eta"] + 0.5),
        EditResponse.Queued("Q10-eta-zero", "eta zero.", CallKinds.Submit, static (body, _) => body["eta"] = 0),
        EditResponse.Queued("Q10-no-eta", "processing without eta.", CallKinds.Submit,
            static (body, _) => body.Remove("eta")),
        EditResponse.Queued("Q10-eta-text", "eta as a text.", CallKinds.Submit,
            static (body, _) => body["eta"] = body["eta"]?.ToString()),
        EditResponse.Queued("Q12-queued", "The status word queued.", CallKinds.SubmitAndFetch,
            static (body, _) => body["status"] = "queued"),
        EditResponse.Queued("Q12-pending", "The status word pending.", CallKinds.SubmitAndFetch,
            static (body, _) => body["status"] = "pending"),
        EditResponse.Queued("Q18-request-processing", "processing with \"Request processing\" as the message.",
            CallKinds.SubmitAndFetch, static (body, _) => body["message"] = "Request processing"),
        EditResponse.Queued("Q19-output-null", "processing with output null.", CallKinds.SubmitAndFetch,
            static (body, _) => body["output"] = null),
    ];
}

/// <summary>Makes faults that change something in an answer.</summary>
internal static class EditResponse
{
    /// <summary>A fault in any good answer.</summary>
    internal static Fault Any(
        string id, string description, IReadOnlyList<CallKind> kinds, Action<JsonObject, FaultContext> edit) =>
        Create(id, description, kinds, (context, answer) => Apply(answer, context, edit));

    /// <summary>
    /// A fault in the answer about what is still in the queue. A submission that is not is made out to be.
    /// </summary>
    internal static Fault Queued(
        string id, string description, IReadOnlyList<CallKind> kinds, Action<JsonObject, FaultContext> edit) =>
        Create(id, description, kinds, (context, answer) => context.Kind switch
        {
            CallKind.Submit => Apply(GenerationEndpoints.Queued(context.Call!, context.Generation!), context, edit),
            _ => (string?)answer.Body["status"] == "processing" ? Apply(answer, context, edit) : null,
        });

    /// <summary>A fault in the answer that brings the images; any other cannot show it.</summary>
    internal static Fault Finished(string id, string description, Action<JsonObject, FaultContext> edit) =>
        Create(id, description, CallKinds.SubmitAndFetch, (context, answer) =>
            (string?)answer.Body["status"] == "success" ? Apply(answer, context, edit) : null);

    /// <summary>A fault that only some answers can show.</summary>
    /// <param name="id">The fault's name.</param>
    /// <param name="description">What the caller gets to see.</param>
    /// <param name="kinds">The kinds of call that it can hit.</param>
    /// <param name="change">Makes the answer with the fault; null where this one cannot show it.</param>
    internal static Fault Create(
        string id,
        string description,
        IReadOnlyList<CallKind> kinds,
        Func<FaultContext, ApiResponse, ApiResponse?> change) =>
        new(id, description, kinds, new FaultEffect.AfterHandling((context, good) => change(context, (ApiResponse)good)));

    private static ApiResponse Apply(ApiResponse answer, FaultContext context, Action<JsonObject, FaultContext> edit)
    {
        edit(answer.Body, context);
        return answer;
    }
}
