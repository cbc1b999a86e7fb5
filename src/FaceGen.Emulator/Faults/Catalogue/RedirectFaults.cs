using FaceGen.Emulator.Http;
using FaceGen.Emulator.Http.Replies;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>Links that lead on to another address.</summary>
internal static class RedirectFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("redirect", "A redirect to another path on the same host, where the picture is.",
            static (context, picture) => context.Service.Links.To(Moved(picture))),
        Create("redirect-https", "A redirect to https on the same host, where nothing speaks it.",
            static (context, picture) => new UriBuilder(context.Service.Links.To(Moved(picture))) { Scheme = "https" }
                .Uri.AbsoluteUri),
        Create("redirect-private", "A redirect to a private address.",
            static (_, _) => "http://10.0.0.1/picture.png").ForGood(),
        Create("redirect-link-local", "A redirect to the link-local address of a cloud's metadata.",
            static (_, _) => "http://169.254.169.254/latest/meta-data/").ForGood(),
        Create("redirect-file", "A redirect to a file of this machine.",
            static (_, _) => "file:///etc/hostname").ForGood(),
        Create("redirect-loop", "A redirect to itself, without end.",
            static (context, picture) => context.Service.Links.To(picture.Request.Path)).ForGood(),
    ];

    private static Fault Create(string id, string description, Func<FaultContext, PictureReply, string> location) =>
        OnPicture.Create(id, description, (context, picture) =>
            RawReply.Empty(StatusCodes.Status302Found).With(HeaderNames.Location, location(context, picture)));

    private static string Moved(PictureReply picture) => Routes.Moved + picture.Request.Path;
}
