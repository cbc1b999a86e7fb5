namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>The sets of kinds that faults fit.</summary>
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
