using System.Text;
using Microsoft.AspNetCore.Http;

namespace FaceGen.Emulator.Http.Replies;

/// <summary>A picture, or the part of it that the request's <c>Range</c> asks for.</summary>
internal sealed class PictureReply : IReply
{
    private const string DataUriPrefix = "data:image/png;base64,";

    private readonly RawReply _reply;

    internal PictureReply(HttpRequest request, byte[] png, PictureForm form)
    {
        Request = request;
        Png = png;
        Form = form;
        _reply = PartialContent.Answer(request, Body, MediaType);
    }

    public int StatusCode => _reply.StatusCode;

    public bool IsGood => _reply.IsGood;

    internal HttpRequest Request { get; }

    internal byte[] Png { get; }

    internal PictureForm Form { get; }

    /// <summary>The whole of what the link stands for, whatever part was asked for.</summary>
    internal byte[] Body => Form switch
    {
        PictureForm.Png => Png,
        PictureForm.Base64 => Encoding.ASCII.GetBytes(Convert.ToBase64String(Png)),
        _ => Encoding.ASCII.GetBytes(DataUriPrefix + Convert.ToBase64String(Png)),
    };

    internal string MediaType => Form == PictureForm.Png ? "image/png" : "text/plain";

    /// <summary>The answer, byte by byte.</summary>
    internal RawReply Raw => _reply;

    internal PictureReply With(byte[] png) => new(Request, png, Form);

    internal PictureReply As(PictureForm form) => new(Request, Png, form);

    /// <summary>The whole of it, though only a part may have been asked for.</summary>
    internal RawReply Whole() => new(StatusCodes.Status200OK, MediaType, Body);

    public Task ExecuteAsync(HttpContext httpContext) => _reply.ExecuteAsync(httpContext);
}
