using System.Globalization;
using FaceGen.Emulator.Http.Replies;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Faults.Catalogue;

/// <summary>A link that brings nothing, something else, or the picture in an odd way.</summary>
internal static class DownloadFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        Status("Q25-404", "HTTP 404, as before the picture has reached its store.", StatusCodes.Status404NotFound),
        Status("Q25-403", "HTTP 403, as before the picture has reached its store.", StatusCodes.Status403Forbidden),
        OnPicture.Instead("Q25-429", "HTTP 429 with Retry-After.", static context =>
            RawReply.Empty(StatusCodes.Status429TooManyRequests)
                .WithRetryAfter(context.WaitSeconds.ToString(CultureInfo.InvariantCulture))),
        OnPicture.Instead("download-503", "HTTP 503 with a proxy's HTML page.",
            static _ => ProxyPage.Of(StatusCodes.Status503ServiceUnavailable)),
        OnPicture.Instead("Q26-html", "HTTP 200 with an HTML page in place of the picture.",
            static _ => ProxyPage.Of(StatusCodes.Status200OK)),
        OnPicture.Instead("Q26-html-for-good", "HTTP 200 with an HTML page in place of the picture, for good.",
            static _ => ProxyPage.Of(StatusCodes.Status200OK)).ForGood(),
        OnPicture.Create("Q27-base64", "A text with the picture in base64.",
            static (_, picture) => picture.Form == PictureForm.Base64 ? null : picture.As(PictureForm.Base64)),
        OnPicture.Create("Q27-base64-data-uri", "A text with the picture in base64 after a data: prefix.",
            static (_, picture) => picture.As(PictureForm.DataUri)),
        OnPicture.Create("Q28-text-plain", "The picture as text/plain.",
            static (_, picture) => picture.Raw with { MediaType = "text/plain" }),
        OnPicture.Create("Q28-octet-stream", "The picture as application/octet-stream.",
            static (_, picture) => picture.Raw with { MediaType = "application/octet-stream" }),
        OnPicture.Create("Q31-cut", "The connection closes before Content-Length bytes.",
            static (_, picture) => picture.Raw with { Framing = Framing.LengthCut }),
        OnPicture.Create("Q31-chunked", "No length: the body comes in chunks.",
            static (_, picture) => picture.Raw with { Framing = Framing.Chunked }),
        OnPicture.Create("Q31-until-close", "No length: the body ends with the connection.",
            static (_, picture) => picture.Raw with { Framing = Framing.UntilClose }),
        OnPicture.Create("Q31-until-close-cut", "No length, and the connection closes in the middle of the body.",
            static (_, picture) => Half(picture.Raw) with { Framing = Framing.UntilClose }),
        OnPicture.Create("endless-picture", "A picture after which bytes come without end.",
            static (_, picture) => new EndlessReply(picture.MediaType, picture.Body)).ByNameOnly(),
        Status("Q33-404", "HTTP 404 for good: the 24 hours are over.", StatusCodes.Status404NotFound).ForGood(),
        Status("Q33-410", "HTTP 410 for good: the 24 hours are over.", StatusCodes.Status410Gone).ForGood(),
    ];

    private static Fault Status(string id, string description, int statusCode) =>
        OnPicture.Instead(id, description, _ => RawReply.Empty(statusCode));

    private static RawReply Half(RawReply reply) => reply with { Body = reply.Body[..(reply.Body.Length / 2)] };
}
