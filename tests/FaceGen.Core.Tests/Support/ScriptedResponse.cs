using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace FaceGen.Core.Tests.Support;

/// <summary>The scripted response to one request.</summary>
/// <param name="Give">Creates the response, or throws the error of the network.</param>
/// <param name="ReadsRequest">True if the request's body is sent.</param>
internal sealed record ScriptedResponse(Func<CancellationToken, Task<HttpResponseMessage>> Give, bool ReadsRequest = true)
{
    /// <summary>Gets what chooses the response by the request's body; null for this response.</summary>
    internal Func<string, ScriptedResponse>? Choose { get; private init; }

    /// <summary>Gets a connection that cannot be established.</summary>
    internal static ScriptedResponse NotConnected { get; } = new(_ => throw new HttpRequestException("No connection could be made."), ReadsRequest: false);

    /// <summary>Gets a connection that breaks after the request was sent.</summary>
    internal static ScriptedResponse ConnectionLost { get; } = new(_ => throw new HttpRequestException("broken", new IOException("The connection broke.")));

    /// <summary>Gets a service that sends no response until the client cancels.</summary>
    internal static ScriptedResponse NoResponse { get; } = new(async cancel =>
    {
        await Task.Delay(System.Threading.Timeout.Infinite, cancel);
        throw new InvalidOperationException("Only the client ends this request.");
    });

    internal static ScriptedResponse Empty(int status = 200) => Bytes([], "text/plain", status);

    internal static ScriptedResponse Html(int status = 502) => Bytes("<html><body>Bad gateway</body></html>"u8.ToArray(), "text/html", status);

    internal static ScriptedResponse Json(string json, int status = 200) => Bytes(Encoding.UTF8.GetBytes(json), "application/json", status);

    internal static ScriptedResponse Success(string id = "1", string output = "https://cdn.example/1.png") =>
        Json(
        $$$"""{"status":"success","generationTime":1.5,"id":{{{id}}},"output":["{{{output}}}"],"meta":{"seed":7}}""");

    internal static ScriptedResponse Uploaded(string link = "https://files.example/face.png") =>
        Json($$"""{"status":"success","id":9,"output":["{{link}}"]}""");

    internal static ScriptedResponse Processing(string id = "1", double eta = 2) => Json(FormattableString.Invariant(
        $$$"""{"status":"processing","id":{{{id}}},"eta":{{{eta}}},"message":"Request processing","output":[],"meta":{"seed":7}}"""));

    internal static ScriptedResponse QueueFull(double retryAfter = 30) => Json(FormattableString.Invariant(
        $$"""{"status":"error","message":"Rate limit exceeded. Maximum 5 queued requests allowed.","retry_after":{{retryAfter}}}"""), 429);

    internal static ScriptedResponse Error(string message, int status = 200) => Json($$"""{"status":"error","message":"{{message}}"}""", status);

    internal static ScriptedResponse Bytes(byte[] body, string mediaType, int status = 200) => new(_ =>
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return Task.FromResult(new HttpResponseMessage((HttpStatusCode)status) { Content = content });
    });

    internal static ScriptedResponse Image(byte[] image) => Bytes(image, "image/png");

    /// <summary>Returns a body of unknown length; <paramref name="announced"/> is the length in its header.</summary>
    internal static ScriptedResponse Stream(byte[] body, long? announced = null, int status = 200) => new(_ =>
    {
        var content = new UnmeasuredContent(body);
        content.Headers.ContentLength = announced;
        return Task.FromResult(new HttpResponseMessage((HttpStatusCode)status) { Content = content });
    });

    internal static ScriptedResponse Redirect(string location, int status = 302) => new(_ =>
    {
        var response = new HttpResponseMessage((HttpStatusCode)status);
        response.Headers.TryAddWithoutValidation("Location", location);
        return Task.FromResult(response);
    });

    /// <summary>Returns the response that a test chooses by the request's body.</summary>
    internal static ScriptedResponse ByBody(Func<string, ScriptedResponse> choose) => Empty() with { Choose = choose };

    /// <summary>Returns a response that the test provides later.</summary>
    internal static ScriptedResponse After(Task<ScriptedResponse> until) => new(async cancel => await (await until).Give(cancel));

    internal ScriptedResponse WithRetryAfter(TimeSpan wait) => With(response => response.Headers.RetryAfter = new RetryConditionHeaderValue(wait));

    internal ScriptedResponse WithRetryAfter(DateTimeOffset until) => With(response => response.Headers.RetryAfter = new RetryConditionHeaderValue(until));

    internal ScriptedResponse WithDate(DateTimeOffset date) => With(response => response.Headers.Date = date);

    internal ScriptedResponse WithTag(string tag) => With(response => response.Headers.ETag = EntityTagHeaderValue.Parse(tag));

    internal ScriptedResponse WithRange(long from, long to) => With(response => response.Content.Headers.ContentRange = new ContentRangeHeaderValue(from, to));

    private ScriptedResponse With(Action<HttpResponseMessage> change) => this with
    {
        Give = async cancel =>
        {
            HttpResponseMessage response = await Give(cancel);
            change(response);
            return response;
        },
    };

    private sealed class UnmeasuredContent(byte[] body) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(body, 0, body.Length);

        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(new MemoryStream(body));

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
