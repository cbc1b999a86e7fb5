namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Oddities of the answer about what is in the queue.</summary>
internal static class QueuedAnswerFaults
{
    private static readonly string[] IdHolders = ["id", "fetch_result", "future_links", "proxy_links"];

    internal static readonly IReadOnlyList<Fault> All =
    [
        Edit.Queued("Q7-output-text", "processing with output as an empty text.", Kinds.Submit,
            static (body, _) => body["output"] = ""),
        Edit.Queued("Q7-no-output", "processing without output.", Kinds.SubmitAndFetch,
            static (body, _) => body.Remove("output")),
        Edit.Queued("Q8-no-id", "processing without id; fetch_result has it.", Kinds.Submit,
            static (body, _) => body.Remove("id")),
        Edit.Queued("Q8-no-fetch-result", "processing without fetch_result.", Kinds.Submit,
            static (body, _) => body.Remove("fetch_result")),
        Edit.Queued("Q8-neither", "processing without id and without any link that has it.", Kinds.Submit,
            static (body, _) => Array.ForEach(IdHolders, field => body.Remove(field))),
        Edit.Queued("Q9-other-version", "fetch_result on another version of the API.", Kinds.Submit,
            static (body, context) => body["fetch_result"] = context.Service.Links.To($"/api/v3/fetch/{body["id"]}")),
        Edit.Queued("Q9-other-host", "fetch_result on another host.", Kinds.Submit, static (body, _) =>
            body["fetch_result"] = "https://elsewhere.invalid" + new Uri((string)body["fetch_result"]!).AbsolutePath),
        Edit.Queued("Q10-eta-fraction", "eta with a fraction.", Kinds.Submit,
            static (body, _) => body["eta"] = (int?)body["eta"] + 0.5),
        Edit.Queued("Q10-eta-zero", "eta zero.", Kinds.Submit, static (body, _) => body["eta"] = 0),
        Edit.Queued("Q10-no-eta", "processing without eta.", Kinds.Submit,
            static (body, _) => body.Remove("eta")),
        Edit.Queued("Q10-eta-text", "eta as a text.", Kinds.Submit,
            static (body, _) => body["eta"] = body["eta"]?.ToString()),
        Edit.Queued("Q12-queued", "The status word queued.", Kinds.SubmitAndFetch,
            static (body, _) => body["status"] = "queued"),
        Edit.Queued("Q12-pending", "The status word pending.", Kinds.SubmitAndFetch,
            static (body, _) => body["status"] = "pending"),
        Edit.Queued("Q18-request-processing", "processing with \"Request processing\" as the message.",
            Kinds.SubmitAndFetch, static (body, _) => body["message"] = "Request processing"),
        Edit.Queued("Q19-output-null", "processing with output null.", Kinds.SubmitAndFetch,
            static (body, _) => body["output"] = null),
    ];
}
