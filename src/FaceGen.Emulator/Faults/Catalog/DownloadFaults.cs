using System.Globalization;
using FaceGen.Emulator.Drawing;
using FaceGen.Emulator.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FaceGen.Emulator.Faults.Catalog;

/// <summary>Faults of downloads: no picture, something else, or an unusual response.</summary>
internal static class DownloadFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        Status("Q25-404", "HTTP 404, as before the picture is in the store.", StatusCodes.Status404NotFound),
        Status("Q25-403", "HTTP 403, as before the picture is in the store.", StatusCodes.Status403Forbidden),
        EditDownload.Replace("Q25-429", "HTTP 429 with Retry-After.", static context =>
            RawResponse.Empty(StatusCodes.Status429TooManyRequests)
                .WithRetryAfter(context.WaitSeconds.ToString(CultureInfo.InvariantCulture))),
        EditDownload.Replace("download-503", "HTTP 503 with a proxy's HTML page.",
            static _ => ProxyPage.Create(StatusCodes.Status503ServiceUnavailable)),
        EditDownload.Replace("Q26-html", "HTTP 200 with an HTML page instead of the picture.",
            static _ => ProxyPage.Create(StatusCodes.Status200OK)),
        EditDownload.Replace("Q26-html-for-good", "HTTP 200 with an HTML page instead of the picture, permanently.",
            static _ => ProxyPage.Create(StatusCodes.Status200OK)).AsPermanent(),
        EditDownload.Alter("Q27-base64", "The picture as base64 text.",
            static (_, picture) => picture.PictureEncoding == PictureEncoding.Base64 ? null : picture.WithEncoding(PictureEncoding.Base64)),
        EditDownload.Alter("Q27-base64-data-uri", "The picture as base64 text after a data: prefix.",
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
            static (_, picture) => picture.Raw.Half() with { Framing = BodyFraming.UntilClose }),
        EditDownload.Alter("endless-picture", "A picture followed by endless bytes.",
            static (_, picture) => new EndlessResponse(picture.MediaType, picture.Body)).AsNotTransient(),
        Status("Q33-404", "HTTP 404, permanently: the link's 24 hours are over.", StatusCodes.Status404NotFound).AsPermanent(),
        Status("Q33-410", "HTTP 410, permanently: the link's 24 hours are over.", StatusCodes.Status410Gone).AsPermanent(),
    ];

    private static Fault Status(string id, string description, int statusCode) =>
        EditDownload.Replace(id, description, _ => RawResponse.Empty(statusCode));
}

/// <summary>Faults of range requests; a request for the whole picture cannot show them.</summary>
internal static class RangeFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("Q32-range-ignored", "HTTP 200 with the whole picture to a range request.",
            static picture => picture.WithoutRange()),
        Create("Q32-wrong-range", "HTTP 206 with another range than requested.", WrongRange),
        Create("Q32-416", "HTTP 416 to a range request that can be satisfied.", static picture =>
            RawResponse.Empty(StatusCodes.Status416RangeNotSatisfiable)
                .WithHeader(HeaderNames.ContentRange, new ContentRangeHeaderValue(picture.Body.Length).ToString())),
    ];

    private static Fault Create(string id, string description, Func<PictureResponse, IResponse> createResponse) =>
        EditDownload.Alter(id, description, (_, picture) =>
            picture.StatusCode == StatusCodes.Status206PartialContent ? createResponse(picture) : null);

    /// <summary>Returns a range that starts in the middle of the requested one, with a matching Content-Range.</summary>
    private static RawResponse WrongRange(PictureResponse picture)
    {
        byte[] body = picture.Body;
        int requested = (int)(PartialContent.GetRangeStart(picture.Request) ?? 0);
        int from = requested > 0 ? requested / 2 : body.Length / 2;
        return new RawResponse(StatusCodes.Status206PartialContent, picture.MediaType, body.AsMemory(from))
            .WithHeader(HeaderNames.ContentRange, new ContentRangeHeaderValue(from, body.Length - 1, body.Length).ToString());
    }
}

/// <summary>Faults that redirect a download.</summary>
internal static class RedirectFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("redirect", "A redirect to another path on the same host, where the picture is.",
            static (context, picture) => context.Service.Links.ForPath(MovedPath(picture))),
        Create("redirect-https", "A redirect to https on the same host, which nothing serves.",
            static (context, picture) => new UriBuilder(context.Service.Links.ForPath(MovedPath(picture))) { Scheme = "https" }
                .Uri.AbsoluteUri),
        Create("redirect-private", "A redirect to a private address.",
            static (_, _) => "http://10.0.0.1/picture.png").AsPermanent(),
        Create("redirect-link-local", "A redirect to the link-local address of a cloud's metadata.",
            static (_, _) => "http://169.254.169.254/latest/meta-data/").AsPermanent(),
        Create("redirect-file", "A redirect to a file of this machine.",
            static (_, _) => "file:///etc/hostname").AsPermanent(),
        Create("redirect-loop", "An endless redirect to itself.",
            static (context, picture) => context.Service.Links.ForPath(picture.Request.Path)).AsPermanent(),
    ];

    private static Fault Create(string id, string description, Func<FaultContext, PictureResponse, string> location) =>
        EditDownload.Alter(id, description, (context, picture) =>
            RawResponse.Empty(StatusCodes.Status302Found).WithHeader(HeaderNames.Location, location(context, picture)));

    private static string MovedPath(PictureResponse picture) => Routes.Moved + picture.Request.Path;
}

/// <summary>Faults of the picture itself: censored, broken or not as requested.</summary>
internal static class PictureFaults
{
    internal static readonly IReadOnlyList<Fault> All =
    [
        Create("Q16-black", "A picture that is all black, permanently.", DefectivePicture.Black).AsPermanent(),
        Create("Q16-near-black", "A picture that is nearly black, permanently.", DefectivePicture.NearBlack).AsPermanent(),
        Create("Q16-same-file", "The same file for every request, permanently.", static _ => DefectivePicture.Placeholder)
            .AsPermanent(),
        Create("Q17-other-size", "A picture of half the size, permanently.", DefectivePicture.HalfSize).AsPermanent(),
        Create("png-half", "Half of the PNG, with the Content-Length of that half.", static png => png[..(png.Length / 2)]),
        Create("png-huge-header", "A PNG whose header declares 65,535 x 65,535 pixels.", DefectivePicture.HugeHeader),
    ];

    private static Fault Create(string id, string description, Func<byte[], byte[]> alter) =>
        EditDownload.Alter(id, description, (_, picture) => Alter(picture, alter));

    /// <summary>Returns null if the altered file does not have the requested range.</summary>
    private static PictureResponse? Alter(PictureResponse picture, Func<byte[], byte[]> alter) =>
        picture.WithPng(alter(picture.Png)) is { IsSuccess: true } altered ? altered : null;
}

/// <summary>Creates faults of downloads.</summary>
internal static class EditDownload
{
    /// <summary>Creates a fault that needs no picture, so that none is drawn.</summary>
    internal static Fault Replace(string id, string description, Func<FaultContext, IResponse> createResponse) =>
        new(id, description, CallKinds.Download, new FaultEffect.WithoutHandling(createResponse));

    /// <summary>Creates a fault that alters the picture or its response.</summary>
    /// <param name="id">The fault's id.</param>
    /// <param name="description">What the caller sees.</param>
    /// <param name="change">Creates the response with the fault; null if this response cannot show it.</param>
    internal static Fault Alter(string id, string description, Func<FaultContext, PictureResponse, IResponse?> change) =>
        new(id, description, CallKinds.Download,
            new FaultEffect.AfterHandling((context, response) => change(context, (PictureResponse)response)));
}
