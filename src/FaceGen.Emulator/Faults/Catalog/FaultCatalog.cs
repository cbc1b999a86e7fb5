namespace FaceGen.Emulator.Faults.Catalog;

/// <summary>Every fault; each is declared once, in the list of its group.</summary>
internal static class FaultCatalog
{
    private static readonly Dictionary<string, Fault> ById;

    static FaultCatalog()
    {
        All =
        [
            .. RefusalFaults.All,
            .. QueueFullFaults.All,
            .. LostResponseFaults.All,
            .. QueuedResponseFaults.All,
            .. ResponseFaults.All,
            .. OutputFaults.All,
            .. LinkFaults.All,
            .. DownloadFaults.All,
            .. RangeFaults.All,
            .. RedirectFaults.All,
            .. PictureFaults.All,
            .. WebhookFaults.All,
        ];
        ById = All.ToDictionary(static fault => fault.Id, StringComparer.OrdinalIgnoreCase);
    }

    internal static IReadOnlyList<Fault> All { get; }

    internal static Fault? Find(string id) => ById.GetValueOrDefault(id);
}

/// <summary>The sets of call kinds that faults apply to.</summary>
internal static class CallKinds
{
    internal static readonly IReadOnlyList<CallKind> Submit = [CallKind.Submit];

    internal static readonly IReadOnlyList<CallKind> Fetch = [CallKind.Fetch];

    internal static readonly IReadOnlyList<CallKind> Download = [CallKind.Download];

    internal static readonly IReadOnlyList<CallKind> Webhook = [CallKind.Webhook];

    internal static readonly IReadOnlyList<CallKind> SubmitAndFetch = [CallKind.Submit, CallKind.Fetch];

    internal static readonly IReadOnlyList<CallKind> SubmitAndUpload = [CallKind.Submit, CallKind.Upload];

    internal static readonly IReadOnlyList<CallKind> UploadAndAccount = [CallKind.Upload, CallKind.Account];

    /// <summary>Every call with a JSON body.</summary>
    internal static readonly IReadOnlyList<CallKind> Api = [.. SubmitAndFetch, .. UploadAndAccount];

    /// <summary>Every call that costs nothing.</summary>
    internal static readonly IReadOnlyList<CallKind> Free =
        [CallKind.Fetch, CallKind.Download, CallKind.Upload, CallKind.Account];
}
