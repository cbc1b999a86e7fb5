using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FaceGen.Emulator.Http.Replies;

/// <summary>An answer told byte by byte.</summary>
internal sealed record RawResponse(int StatusCode, string? MediaType, ReadOnlyMemory<byte> Body) : IResponse
{
    public bool IsSuccess => StatusCode is StatusCodes.Status200OK or StatusCodes.Status206PartialContent;

    internal IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    internal BodyFraming Framing { get; init; }

    internal static RawResponse Text(int statusCode, string mediaType, string text) =>
        new(statusCode, mediaType, Encoding.UTF8.GetBytes(text));

    internal static RawResponse Empty(int statusCode) => new(statusCode, MediaType: null, default);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        HttpResponse response = httpContext.Response;
        response.StatusCode = StatusCode;
        response.ContentType = MediaType;
        foreach ((string name, string value) in Headers)
            response.Headers.Append(name, value);

        switch (Framing)
        {
            case BodyFraming.Length or BodyFraming.LengthCut:
                response.ContentLength = Body.Length;
                break;
            case BodyFraming.UntilClose:
                // The server chunks an answer without a length unless told that it is encoded in another way.
                response.Headers.TransferEncoding = "identity";
                response.Headers.Connection = "close";
                break;
            default:
                break;
        }

        // The server closes the connection of an answer that stays below its Content-Length.
        ReadOnlyMemory<byte> sent = Framing == BodyFraming.LengthCut ? Body[..(Body.Length / 2)] : Body;
        await response.Body.WriteAsync(sent, httpContext.RequestAborted).ConfigureAwait(false);
        await response.Body.FlushAsync(httpContext.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>The same with one more header.</summary>
    internal RawResponse WithHeader(string header, string value) => this with { Headers = [.. Headers, (header, value)] };

    /// <summary>The same with a waiting time in its header alone.</summary>
    internal RawResponse WithRetryAfter(string value) => WithHeader(HeaderNames.RetryAfter, value);
}
