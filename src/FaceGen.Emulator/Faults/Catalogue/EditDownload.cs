using FaceGen.Emulator.Http.Replies;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Makes faults of downloads.</summary>
internal static class EditDownload
{
    /// <summary>A fault that a picture is not needed for: it may be that nothing is drawn.</summary>
    internal static Fault Replace(string id, string description, Func<FaultContext, IResponse> reply) =>
        new(id, description, CallKinds.Download, new FaultEffect.WithoutHandling(reply));

    /// <summary>A fault in how a picture comes, or in the picture.</summary>
    /// <param name="id">The fault's name.</param>
    /// <param name="description">What the caller gets to see.</param>
    /// <param name="change">Makes the reply with the fault; null where this one cannot show it.</param>
    internal static Fault Alter(string id, string description, Func<FaultContext, PictureResponse, IResponse?> change) =>
        new(id, description, CallKinds.Download,
            new FaultEffect.AfterHandling((context, good) => change(context, (PictureResponse)good)));
}
