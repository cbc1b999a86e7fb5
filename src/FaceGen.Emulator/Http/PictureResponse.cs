using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FaceGen.Emulator.Http;

/// <summary>A picture, or the requested range of it.</summary>
internal sealed class PictureResponse : IResponse
{
    private const string DataUriPrefix = "data:image/png;base64,";

    private readonly RawResponse _response;

    internal PictureResponse(HttpRequest request, byte[] png, PictureEncoding encoding)
    {
        Request = request;
        Png = png;
        PictureEncoding = encoding;
        _response = PartialContent.Create(request, Body, MediaType);
    }

    public int StatusCode => _response.StatusCode;

    public bool IsSuccess => _response.IsSuccess;

    internal HttpRequest Request { get; }

    internal byte[] Png { get; }

    internal PictureEncoding PictureEncoding { get; }

    /// <summary>Gets the complete body, whatever range was requested.</summary>
    internal byte[] Body => PictureEncoding switch
    {
        PictureEncoding.Png => Png,
        PictureEncoding.Base64 => Encoding.ASCII.GetBytes(Convert.ToBase64String(Png)),
        _ => Encoding.ASCII.GetBytes(DataUriPrefix + Convert.ToBase64String(Png)),
    };

    internal string MediaType => PictureEncoding == PictureEncoding.Png ? "image/png" : "text/plain";

    /// <summary>Gets the response as bytes.</summary>
    internal RawResponse Raw => _response;

    internal PictureResponse WithPng(byte[] png) => new(Request, png, PictureEncoding);

    internal PictureResponse WithEncoding(PictureEncoding encoding) => new(Request, Png, encoding);

    /// <summary>Returns the complete picture, whatever range was requested.</summary>
    internal RawResponse WithoutRange() => new(StatusCodes.Status200OK, MediaType, Body);

    public Task ExecuteAsync(HttpContext httpContext) => _response.ExecuteAsync(httpContext);
}

/// <summary>The encoding of a picture in a response.</summary>
internal enum PictureEncoding
{
    /// <summary>The PNG itself.</summary>
    Png,

    /// <summary>The PNG as base64 text.</summary>
    Base64,

    /// <summary>The PNG as a text that begins with <c>data:image/png;base64,</c>.</summary>
    DataUri,
}

/// <summary>Serves a file or one range of it, with a strong entity tag.</summary>
internal static class PartialContent
{
    internal static RawResponse Create(HttpRequest request, byte[] file, string mediaType)
    {
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(file))}\"");
        RawResponse response = GetValidRange(request, tag) switch
        {
            null => new RawResponse(StatusCodes.Status200OK, mediaType, file),
            { } range when GetBounds(range, file.Length) is (int from, int to) =>
                new RawResponse(StatusCodes.Status206PartialContent, mediaType, file.AsMemory(from..(to + 1)))
                    .WithHeader(HeaderNames.ContentRange, new ContentRangeHeaderValue(from, to, file.Length).ToString()),
            _ => RawResponse.Empty(StatusCodes.Status416RangeNotSatisfiable)
                .WithHeader(HeaderNames.ContentRange, new ContentRangeHeaderValue(file.Length).ToString()),
        };
        return response.WithHeader(HeaderNames.AcceptRanges, "bytes").WithHeader(HeaderNames.ETag, tag.ToString());
    }

    /// <summary>Returns the start of the single requested byte range; null if there is none.</summary>
    internal static long? GetRangeStart(HttpRequest request) => GetSingleRange(request)?.From;

    /// <summary>Returns the range to serve; null, and so the whole file, for several ranges or an outdated If-Range.</summary>
    private static RangeItemHeaderValue? GetValidRange(HttpRequest request, EntityTagHeaderValue tag)
    {
        RangeConditionHeaderValue? condition = request.GetTypedHeaders().IfRange;
        bool isSame = condition is null || condition.EntityTag?.Compare(tag, useStrongComparison: true) == true;
        return isSame ? GetSingleRange(request) : null;
    }

    private static RangeItemHeaderValue? GetSingleRange(HttpRequest request) =>
        request.GetTypedHeaders().Range is { Ranges: { Count: 1 } ranges } range
        && range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
            ? ranges.First()
            : null;

    /// <summary>Returns the first and last byte; null if the range cannot be satisfied.</summary>
    private static (int From, int To)? GetBounds(RangeItemHeaderValue range, int length)
    {
        long from = range.From ?? Math.Max(0, length - range.To!.Value);
        long to = range.From is null ? length - 1 : Math.Min(range.To ?? long.MaxValue, length - 1);
        return from < length && from <= to ? ((int)from, (int)to) : null;
    }
}
