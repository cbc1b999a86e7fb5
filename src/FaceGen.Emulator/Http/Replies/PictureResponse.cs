using System.Text;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http.Replies;

/// <summary>A picture, or the part of it that the request's <c>Range</c> asks for.</summary>
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

    /// <summary>The whole of what the link stands for, whatever part was asked for.</summary>
    internal byte[] Body => PictureEncoding switch
    {
        PictureEncoding.Png => Png,
        PictureEncoding.Base64 => Encoding.ASCII.GetBytes(Convert.ToBase64String(Png)),
        _ => Encoding.ASCII.GetBytes(DataUriPrefix + Convert.ToBase64String(Png)),
    };

    internal string MediaType => PictureEncoding == PictureEncoding.Png ? "image/png" : "text/plain";

    /// <summary>The answer, byte by byte.</summary>
    internal RawResponse Raw => _response;

    internal PictureResponse WithPng(byte[] png) => new(Request, png, PictureEncoding);

    internal PictureResponse WithEncoding(PictureEncoding encoding) => new(Request, Png, encoding);

    /// <summary>The whole of it, though only a part may have been asked for.</summary>
    internal RawResponse WithoutRange() => new(StatusCodes.Status200OK, MediaType, Body);

    public Task ExecuteAsync(HttpContext httpContext) => _response.ExecuteAsync(httpContext);
}
