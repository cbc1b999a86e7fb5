using FaceGen.Emulator.Http.Replies;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Makes faults of downloads.</summary>
internal static class OnPicture
{
    /// <summary>A fault that a picture is not needed for: it may be that nothing is drawn.</summary>
    internal static Fault Instead(string id, string description, Func<FaultContext, IReply> reply) =>
        new(id, description, Kinds.Download, new FaultEffect.Instead(reply));

    /// <summary>A fault in how a picture comes, or in the picture.</summary>
    /// <param name="id">The fault's name.</param>
    /// <param name="description">What the caller gets to see.</param>
    /// <param name="change">Makes the reply with the fault; null where this one cannot show it.</param>
    internal static Fault Create(string id, string description, Func<FaultContext, PictureReply, IReply?> change) =>
        new(id, description, Kinds.Download,
            new FaultEffect.After((context, good) => change(context, (PictureReply)good)));
}
