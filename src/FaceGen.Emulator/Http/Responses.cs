using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FaceGen.Emulator.Http;

/// <summary>What goes back to the caller, known in full before its first byte leaves.</summary>
internal interface IResponse : IResult
{
    /// <summary>The HTTP status; 0 where no answer is sent at all.</summary>
    int StatusCode { get; }

    /// <summary>Whether the caller gets what was asked for.</summary>
    bool IsSuccess { get; }
}

/// <summary>An answer of the API: an HTTP status and a JSON object.</summary>
internal sealed record ApiResponse(int StatusCode, JsonObject Body) : IResponse
{
    public bool IsSuccess => StatusCode == StatusCodes.Status200OK && (string?)Body["status"] != "error";

    /// <summary>An answer with <c>status:"success"</c> before the given fields.</summary>
    internal static ApiResponse Success(JsonObject fields) => WithStatus("success", fields);

    /// <summary>An answer with <c>status:"processing"</c> before the given fields.</summary>
    internal static ApiResponse Processing(JsonObject fields) => WithStatus("processing", fields);

    /// <summary>An answer with <c>status:"failed"</c> before the given fields.</summary>
    internal static ApiResponse Failed(JsonObject fields) => WithStatus("failed", fields);

    /// <summary>An error: the message is a text, or an object of texts by field.</summary>
    internal static ApiResponse Error(int statusCode, JsonNode message) =>
        new(statusCode, new JsonObject { ["status"] = "error", ["message"] = message });

    /// <summary>A refusal for now, with the documented <c>retry_after</c> in whole seconds.</summary>
    internal static ApiResponse RateLimited(string limit, int retryAfterSeconds)
    {
        ApiResponse answer = Error(StatusCodes.Status429TooManyRequests, $"Rate limit exceeded. {limit}");
        answer.Body["retry_after"] = retryAfterSeconds;
        return answer;
    }

    /// <summary>The answer, byte by byte.</summary>
    internal RawResponse ToRaw() => RawResponse.Text(StatusCode, "application/json", Body.ToJsonString());

    public Task ExecuteAsync(HttpContext httpContext) => ToRaw().ExecuteAsync(httpContext);

    private static ApiResponse WithStatus(string status, JsonObject fields)
    {
        fields.Insert(0, "status", status);
        return new ApiResponse(StatusCodes.Status200OK, fields);
    }
}

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

/// <summary>How a body's end is told.</summary>
internal enum BodyFraming
{
    /// <summary>By a Content-Length that is right.</summary>
    Length,

    /// <summary>By a Content-Length that is right, but the connection closes when half of it is sent.</summary>
    LengthCut,

    /// <summary>By the last of its chunks.</summary>
    Chunked,

    /// <summary>Only by the end of the connection.</summary>
    UntilClose,
}

/// <summary>No answer: the connection ends before a byte of one is sent.</summary>
internal sealed record DroppedResponse : IResponse
{
    public int StatusCode => 0;

    public bool IsSuccess => false;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Abort();
        return Task.CompletedTask;
    }
}

/// <summary>No answer: the connection stays open, silent, until the caller goes away or the emulator stops.</summary>
internal sealed record HangingResponse : IResponse
{
    public int StatusCode => 0;

    public bool IsSuccess => false;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenRegistration registration = httpContext.RequestAborted.Register(gone.SetResult);
        await using (registration.ConfigureAwait(false))
            await gone.Task.ConfigureAwait(false);
    }
}

/// <summary>A body without a length that goes on until the caller goes away or the emulator stops.</summary>
internal sealed record EndlessResponse(string MediaType, ReadOnlyMemory<byte> Start) : IResponse
{
    private const int BlockSize = 64 * 1024;

    public int StatusCode => StatusCodes.Status200OK;

    public bool IsSuccess => true;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        HttpResponse response = httpContext.Response;
        response.ContentType = MediaType;
        await response.Body.WriteAsync(Start).ConfigureAwait(false);

        // Blanks may stand anywhere between the parts of a JSON text.
        var block = new byte[BlockSize];
        block.AsSpan().Fill((byte)' ');
        while (!httpContext.RequestAborted.IsCancellationRequested)
            await response.Body.WriteAsync(block).ConfigureAwait(false);
    }
}
