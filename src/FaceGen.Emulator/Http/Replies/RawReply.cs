using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FaceGen.Emulator.Http.Replies;

/// <summary>An answer told byte by byte.</summary>
internal sealed record RawReply(int StatusCode, string? MediaType, ReadOnlyMemory<byte> Body) : IReply
{
    public bool IsGood => StatusCode is StatusCodes.Status200OK or StatusCodes.Status206PartialContent;

    internal IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    internal Framing Framing { get; init; }

    internal static RawReply Text(int statusCode, string mediaType, string text) =>
        new(statusCode, mediaType, Encoding.UTF8.GetBytes(text));

    internal static RawReply Empty(int statusCode) => new(statusCode, MediaType: null, default);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        HttpResponse response = httpContext.Response;
        response.StatusCode = StatusCode;
        response.ContentType = MediaType;
        foreach ((string name, string value) in Headers)
            response.Headers.Append(name, value);

        switch (Framing)
        {
            case Framing.Length or Framing.LengthCut:
                response.ContentLength = Body.Length;
                break;
            case Framing.UntilClose:
                // The server chunks an answer without a length unless told that it is encoded in another way.
                response.Headers.TransferEncoding = "identity";
                response.Headers.Connection = "close";
                break;
            default:
                break;
        }

        // The server closes the connection of an answer that stays below its Content-Length.
        ReadOnlyMemory<byte> sent = Framing == Framing.LengthCut ? Body[..(Body.Length / 2)] : Body;
        await response.Body.WriteAsync(sent, httpContext.RequestAborted).ConfigureAwait(false);
        await response.Body.FlushAsync(httpContext.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>The same with one more header.</summary>
    internal RawReply With(string header, string value) => this with { Headers = [.. Headers, (header, value)] };

    /// <summary>The same with a waiting time in its header alone.</summary>
    internal RawReply WithRetryAfter(string value) => With(HeaderNames.RetryAfter, value);
}
