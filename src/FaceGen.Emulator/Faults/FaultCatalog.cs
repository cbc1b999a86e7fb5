using FaceGen.Emulator.Faults.Catalogue;

namespace FaceGen.Emulator.Faults;

/// <summary>All faults, each declared once in the list that it belongs to.</summary>
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
