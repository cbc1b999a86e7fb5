using System.Text;
using System.Text.Json.Nodes;
using FaceGen.Emulator.Contract;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FaceGen.Emulator.Http;

/// <summary>A response that is fully known before its first byte is sent.</summary>
internal interface IResponse : IResult
{
    /// <summary>Gets the HTTP status; 0 if no response is sent.</summary>
    int StatusCode { get; }

    /// <summary>True if the caller gets what it requested.</summary>
    bool IsSuccess { get; }
}

/// <summary>A response of the API: an HTTP status and a JSON object.</summary>
internal sealed record ApiResponse(int StatusCode, JsonObject Body) : IResponse
{
    public bool IsSuccess => StatusCode == StatusCodes.Status200OK && (string?)Body["status"] != "error";

    /// <summary>Creates a response with <c>status:"success"</c> before the given fields.</summary>
    internal static ApiResponse Success(JsonObject fields) => WithStatus("success", fields);

    /// <summary>Creates a response with <c>status:"processing"</c> before the given fields.</summary>
    internal static ApiResponse Processing(JsonObject fields) => WithStatus("processing", fields);

    /// <summary>Creates a response with <c>status:"failed"</c> before the given fields.</summary>
    internal static ApiResponse Failed(JsonObject fields) => WithStatus("failed", fields);

    /// <summary>Gets a new error in the documentation's words.</summary>
    internal static ApiResponse InternalError =>
        Error(StatusCodes.Status500InternalServerError, "Internal server error. Please try again.");

    /// <summary>Creates the error of a request with invalid fields.</summary>
    internal static ApiResponse Invalid(BodyReader fields) =>
        Error(StatusCodes.Status400BadRequest, string.Join(", ", fields.Errors));

    /// <summary>Creates an error; the message is a text, or an object of texts by field.</summary>
    internal static ApiResponse Error(int statusCode, JsonNode message) =>
        new(statusCode, new JsonObject { ["status"] = "error", ["message"] = message });

    /// <summary>Creates a rate-limit error with the documented <c>retry_after</c> in whole seconds.</summary>
    internal static ApiResponse RateLimited(string limit, int retryAfterSeconds)
    {
        ApiResponse response = Error(StatusCodes.Status429TooManyRequests, $"Rate limit exceeded. {limit}");
        response.Body["retry_after"] = retryAfterSeconds;
        return response;
    }

    /// <summary>Returns the response as bytes.</summary>
    internal RawResponse ToRaw() => RawResponse.Text(StatusCode, "application/json", Body.ToJsonString());

    public Task ExecuteAsync(HttpContext httpContext) => ToRaw().ExecuteAsync(httpContext);

    private static ApiResponse WithStatus(string status, JsonObject fields)
    {
        fields.Insert(0, "status", status);
        return new ApiResponse(StatusCodes.Status200OK, fields);
    }
}

/// <summary>A response defined byte by byte.</summary>
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
                // Without this header the server would use chunked encoding for a response without a length.
                response.Headers.TransferEncoding = "identity";
                response.Headers.Connection = "close";
                break;
            default:
                break;
        }

        // The server closes the connection of a response shorter than its Content-Length.
        ReadOnlyMemory<byte> sent = Framing == BodyFraming.LengthCut ? Half().Body : Body;
        await response.Body.WriteAsync(sent, httpContext.RequestAborted).ConfigureAwait(false);
        await response.Body.FlushAsync(httpContext.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Returns a copy with the first half of the body.</summary>
    internal RawResponse Half() => this with { Body = Body[..(Body.Length / 2)] };

    /// <summary>Returns a copy with one more header.</summary>
    internal RawResponse WithHeader(string header, string value) => this with { Headers = [.. Headers, (header, value)] };

    /// <summary>Returns a copy with a Retry-After header.</summary>
    internal RawResponse WithRetryAfter(string value) => WithHeader(HeaderNames.RetryAfter, value);
}

/// <summary>How the end of a body is marked.</summary>
internal enum BodyFraming
{
    /// <summary>A correct Content-Length.</summary>
    Length,

    /// <summary>A correct Content-Length, but the connection closes after half of the body.</summary>
    LengthCut,

    /// <summary>Chunked encoding.</summary>
    Chunked,

    /// <summary>The end of the connection.</summary>
    UntilClose,
}

/// <summary>No response: the connection closes before a byte is sent.</summary>
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

/// <summary>No response: the connection stays open and silent until the caller disconnects or the emulator stops.</summary>
internal sealed record HangingResponse : IResponse
{
    public int StatusCode => 0;

    public bool IsSuccess => false;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var disconnected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenRegistration registration = httpContext.RequestAborted.Register(disconnected.SetResult);
        await using (registration.ConfigureAwait(false))
            await disconnected.Task.ConfigureAwait(false);
    }
}

/// <summary>A body without a length that continues until the caller disconnects or the emulator stops.</summary>
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

        // Spaces may stand anywhere between JSON tokens.
        var block = new byte[BlockSize];
        block.AsSpan().Fill((byte)' ');
        while (!httpContext.RequestAborted.IsCancellationRequested)
            await response.Body.WriteAsync(block).ConfigureAwait(false);
    }
}
