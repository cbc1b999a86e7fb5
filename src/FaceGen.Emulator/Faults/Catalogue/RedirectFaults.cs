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
            static (context, picture) => context.Service.Links.ForPath(MovedPath(picture))),
        Create("redirect-https", "A redirect to https on the same host, where nothing speaks it.",
            static (context, picture) => new UriBuilder(context.Service.Links.ForPath(MovedPath(picture))) { Scheme = "https" }
                .Uri.AbsoluteUri),
        Create("redirect-private", "A redirect to a private address.",
            static (_, _) => "http://10.0.0.1/picture.png").AsPermanent(),
        Create("redirect-link-local", "A redirect to the link-local address of a cloud's metadata.",
            static (_, _) => "http://169.254.169.254/latest/meta-data/").AsPermanent(),
        Create("redirect-file", "A redirect to a file of this machine.",
            static (_, _) => "file:///etc/hostname").AsPermanent(),
        Create("redirect-loop", "A redirect to itself, without end.",
            static (context, picture) => context.Service.Links.ForPath(picture.Request.Path)).AsPermanent(),
    ];

    private static Fault Create(string id, string description, Func<FaultContext, PictureResponse, string> location) =>
        EditDownload.Alter(id, description, (context, picture) =>
            RawResponse.Empty(StatusCodes.Status302Found).WithHeader(HeaderNames.Location, location(context, picture)));

    private static string MovedPath(PictureResponse picture) => Routes.Moved + picture.Request.Path;
}
