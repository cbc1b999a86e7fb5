namespace FaceGen.Emulator.Faults.Catalogue;

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
