using System.Text.Json;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Http;

namespace FaceGen.Emulator.Faults.Catalog;

/// <summary>Faults of a response's fields, in any state of the generation.</summary>
internal static class ResponseFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        EditResponse.Any("Q11-id-text", "id as a string.", CallKinds.SubmitAndFetch,
            static (body, context) => body["id"] = context.Generation!.ReportedId.ToString()),
        EditResponse.Create("Q11-track-id-text", "track_id as a string.", CallKinds.Submit, static (_, response) =>
        {
            if (response.Body["track_id"] is not { } trackId)
                return null;
            response.Body["track_id"] = trackId.ToString();
            return response;
        }),
        EditResponse.Any("Q36-request-id", "request_id in place of id, and no fetch_result.", CallKinds.Submit,
            static (body, context) =>
            {
                body.Remove("id");
                body.Remove("fetch_result");
                body["request_id"] = context.Generation!.ReportedId;
            }),
        WithTextId("Q44-uuid", "An id that is a UUID.", GenerationId.CreateUuid),
        WithTextId("Q44-text", "An id that is a text.", GenerationId.CreateWord),
        EditResponse.Finished("Q37-nsfw-flag", "success with nsfw_content_detected true, and webhook_status.", static (body, _) =>
        {
            body["nsfw_content_detected"] = true;
            body["webhook_status"] = "";
        }),
        EditResponse.Any("Q12-failed", "status failed, with id and message.", CallKinds.SubmitAndFetch, Fail).AsPermanent(),
        EditResponse.Finished("Q12-ready", "status ready instead of success.",
            static (body, _) => body["status"] = "ready"),
        EditResponse.Any("Q15-meta-texts", "Numbers and booleans of meta as strings: \"512\", \"no\", \"true\".", CallKinds.Submit,
            static (body, _) => body["meta"] = ToStrings(body["meta"]!.AsObject())),
        EditResponse.Any("Q19-extra-fields", "Unknown fields of every type, in meta too.", CallKinds.SubmitAndFetch, AddUnknownFields),
        EditResponse.Any("Q19-nulls", "null where an array, an object or a string is expected.", CallKinds.SubmitAndFetch,
            static (body, _) =>
            {
                foreach (string field in (string[])["meta", "proxy_links", "future_links", "links", "tip", "message"])
                    body[field] = null;
            }),
        EditResponse.Any("key-echoed", "The caller's key in the message and in meta.", CallKinds.SubmitAndFetch, EchoKey),
    ];

    /// <summary>Creates a fault that gives a generation a text as its id.</summary>
    private static Fault WithTextId(string id, string description, Func<long, string> createText) =>
        EditResponse.Create(id, description, CallKinds.Submit, (context, _) =>
        {
            context.Generation!.ReportIdAs(createText(context.Generation.Id));
            return GenerationEndpoints.Accepted(context.Call!, context.Generation);
        });

    private static void Fail(JsonObject body, FaultContext context)
    {
        context.Generation!.MarkFailed();
        body.Clear();
        body["status"] = "failed";
        body["id"] = context.Generation.ReportedId;
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
            JsonValueKind.String when (string?)field.Value is "yes" => JsonValue.Create("true"),
            _ => field.Value?.DeepClone(),
        })));
}

/// <summary>Faults of the response about a queued generation.</summary>
internal static class QueuedResponseFaults
{
    private static readonly string[] IdFields = ["id", "fetch_result", "future_links", "proxy_links"];

    internal static readonly IReadOnlyList<Fault> All =
    [
        EditResponse.Queued("Q7-output-text", "processing with output as an empty string.", CallKinds.Submit,
            static (body, _) => body["output"] = ""),
        EditResponse.Queued("Q7-no-output", "processing without output.", CallKinds.SubmitAndFetch,
            static (body, _) => body.Remove("output")),
        EditResponse.Queued("Q8-no-id", "processing without id; fetch_result contains it.", CallKinds.Submit,
            static (body, _) => body.Remove("id")),
        EditResponse.Queued("Q8-no-fetch-result", "processing without fetch_result.", CallKinds.Submit,
            static (body, _) => body.Remove("fetch_result")),
        EditResponse.Queued("Q8-neither", "processing without id and without any link that contains it.", CallKinds.Submit,
            static (body, _) => Array.ForEach(IdFields, field => body.Remove(field))),
        EditResponse.Queued("Q9-other-version", "fetch_result on another version of the API, which serves it too.", CallKinds.Submit,
            static (body, context) => body["fetch_result"] = context.Service.Links.ForPath(Routes.OtherVersionPath(context.Generation!))),
        EditResponse.Queued("Q9-other-host", "fetch_result on another host.", CallKinds.Submit, static (body, _) =>
            body["fetch_result"] = "https://elsewhere.invalid" + new Uri((string)body["fetch_result"]!).AbsolutePath),
        EditResponse.Queued("Q42-other-path", "fetch_result on another path; the usual one responds with HTTP 404.", CallKinds.Submit,
            static (body, context) =>
            {
                string path = Routes.OtherGroupPath(context.Generation!);
                context.Generation!.FetchOnlyAt(path);
                body["fetch_result"] = context.Service.Links.ForPath(path);
            }).AsNotTransient(),
        EditResponse.Queued("Q42-links-only", "Every fetch responds with HTTP 404; future_links have the images.", CallKinds.Submit,
            static (_, context) => context.Generation!.FetchOnlyAt("")).AsNotTransient(),
        EditResponse.Queued("Q10-eta-fraction", "eta with a fraction.", CallKinds.Submit,
            static (body, _) => body["eta"] = (int?)body["eta"] + 0.5),
        EditResponse.Queued("Q10-eta-zero", "eta zero.", CallKinds.Submit, static (body, _) => body["eta"] = 0),
        EditResponse.Queued("Q10-no-eta", "processing without eta.", CallKinds.Submit,
            static (body, _) => body.Remove("eta")),
        EditResponse.Queued("Q10-eta-text", "eta as a string.", CallKinds.Submit,
            static (body, _) => body["eta"] = body["eta"]?.ToString()),
        EditResponse.Queued("Q12-queued", "status queued.", CallKinds.SubmitAndFetch,
            static (body, _) => body["status"] = "queued"),
        EditResponse.Queued("Q12-pending", "status pending.", CallKinds.SubmitAndFetch,
            static (body, _) => body["status"] = "pending"),
        EditResponse.Queued("Q18-request-processing", "processing with \"Request processing\" as the message.",
            CallKinds.SubmitAndFetch, static (body, _) => body["message"] = "Request processing"),
        EditResponse.Queued("Q19-output-null", "processing with output null.", CallKinds.SubmitAndFetch,
            static (body, _) => body["output"] = null),
    ];
}

/// <summary>Creates faults that edit a response.</summary>
internal static class EditResponse
{
    /// <summary>Creates a fault of any successful response.</summary>
    internal static Fault Any(
        string id, string description, IReadOnlyList<CallKind> kinds, Action<JsonObject, FaultContext> edit) =>
        Create(id, description, kinds, (context, response) => Apply(response, context, edit));

    /// <summary>Creates a fault of the queued response. A finished submission is presented as queued.</summary>
    internal static Fault Queued(
        string id, string description, IReadOnlyList<CallKind> kinds, Action<JsonObject, FaultContext> edit) =>
        Create(id, description, kinds, (context, response) => context.Kind switch
        {
            CallKind.Submit => Apply(GenerationEndpoints.Queued(context.Call!, context.Generation!), context, edit),
            _ => (string?)response.Body["status"] == "processing" ? Apply(response, context, edit) : null,
        });

    /// <summary>Creates a fault of the response with the images; no other response can show it.</summary>
    internal static Fault Finished(string id, string description, Action<JsonObject, FaultContext> edit) =>
        Create(id, description, CallKinds.SubmitAndFetch, (context, response) =>
            (string?)response.Body["status"] == "success" ? Apply(response, context, edit) : null);

    /// <summary>Creates a fault that only some responses can show.</summary>
    /// <param name="id">The fault's id.</param>
    /// <param name="description">What the caller sees.</param>
    /// <param name="kinds">The kinds of call that it can hit.</param>
    /// <param name="change">Creates the response with the fault; null if this response cannot show it.</param>
    internal static Fault Create(
        string id,
        string description,
        IReadOnlyList<CallKind> kinds,
        Func<FaultContext, ApiResponse, ApiResponse?> change) =>
        new(id, description, kinds, new FaultEffect.AfterHandling((context, response) => change(context, (ApiResponse)response)));

    private static ApiResponse Apply(ApiResponse response, FaultContext context, Action<JsonObject, FaultContext> edit)
    {
        edit(response.Body, context);
        return response;
    }
}
