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
        EditDownload.Replace("Q25-429", "HTTP 429 with Retry-After.", static context =>
            RawResponse.Empty(StatusCodes.Status429TooManyRequests)
                .WithRetryAfter(context.WaitSeconds.ToString(CultureInfo.InvariantCulture))),
        EditDownload.Replace("download-503", "HTTP 503 with a proxy's HTML page.",
            static _ => ProxyPage.Create(StatusCodes.Status503ServiceUnavailable)),
        EditDownload.Replace("Q26-html", "HTTP 200 with an HTML page in place of the picture.",
            static _ => ProxyPage.Create(StatusCodes.Status200OK)),
        EditDownload.Replace("Q26-html-for-good", "HTTP 200 with an HTML page in place of the picture, for good.",
            static _ => ProxyPage.Create(StatusCodes.Status200OK)).AsPermanent(),
        EditDownload.Alter("Q27-base64", "A text with the picture in base64.",
            static (_, picture) => picture.PictureEncoding == PictureEncoding.Base64 ? null : picture.WithEncoding(PictureEncoding.Base64)),
        EditDownload.Alter("Q27-base64-data-uri", "A text with the picture in base64 after a data: prefix.",
            static (_, picture) => picture.WithEncoding(PictureEncoding.DataUri)),
        EditDownload.Alter("Q28-text-plain", "The picture as text/plain.",
            static (_, picture) => picture.Raw with { MediaType = "text/plain" }),
        EditDownload.Alter("Q28-octet-stream", "The picture as application/octet-stream.",
            static (_, picture) => picture.Raw with { MediaType = "application/octet-stream" }),
        EditDownload.Alter("Q31-cut", "The connection closes before Content-Length bytes.",
            static (_, picture) => picture.Raw with { Framing = BodyFraming.LengthCut }),
        EditDownload.Alter("Q31-chunked", "No length: the body comes in chunks.",
            static (_, picture) => picture.Raw with { Framing = BodyFraming.Chunked }),
        EditDownload.Alter("Q31-until-close", "No length: the body ends with the connection.",
            static (_, picture) => picture.Raw with { Framing = BodyFraming.UntilClose }),
        EditDownload.Alter("Q31-until-close-cut", "No length, and the connection closes in the middle of the body.",
            static (_, picture) => Half(picture.Raw) with { Framing = BodyFraming.UntilClose }),
        EditDownload.Alter("endless-picture", "A picture after which bytes come without end.",
            static (_, picture) => new EndlessResponse(picture.MediaType, picture.Body)).AsNotTransient(),
        Status("Q33-404", "HTTP 404 for good: the 24 hours are over.", StatusCodes.Status404NotFound).AsPermanent(),
        Status("Q33-410", "HTTP 410 for good: the 24 hours are over.", StatusCodes.Status410Gone).AsPermanent(),
    ];

    private static Fault Status(string id, string description, int statusCode) =>
        EditDownload.Replace(id, description, _ => RawResponse.Empty(statusCode));

    private static RawResponse Half(RawResponse reply) => reply with { Body = reply.Body[..(reply.Body.Length / 2)] };
}
