using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.LiveCheck;

/// <summary>
/// Sends requests and returns what the service itself answered, unlike FaceGen's client, which keeps only what it understands. The
/// key is sent to the service's own address only, and no body is sent twice.
/// </summary>
internal sealed class ServiceClient(ServiceAddress address, ApiKey key, HttpMessageHandler handler, TimeSpan timeout) : IDisposable
{
    private const int MaxResponseBytes = 32 * 1024 * 1024;

    /// <summary>How long a submission in flight is awaited after Ctrl+C: its response has the id of what was paid for.</summary>
    private static readonly TimeSpan MaxExitDelay = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http = new(handler) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Gets everything that was sent, in order.</summary>
    internal List<Exchange> Exchanges { get; } = [];

    /// <summary>Sends a request with a body once. A submission in flight is not canceled at once.</summary>
    /// <param name="method">The method; GET with a body too.</param>
    /// <param name="kind">What the request is for.</param>
    /// <param name="step">The step of the run.</param>
    /// <param name="target">An address of the service.</param>
    /// <param name="fields">The fields beside the key.</param>
    /// <param name="otherKey">The key to send instead of the account's; empty to send none.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    internal async Task<Exchange> SendAsync(
        HttpMethod method, CallKind kind, string step, Uri target, JsonObject fields, string? otherKey, CancellationToken cancellationToken)
    {
        if (!address.IsOwn(target)) throw new InvalidOperationException("The key must not be sent to another host.");

        cancellationToken.ThrowIfCancellationRequested();
        byte[] body = JsonObjectWriter.Write(json =>
        {
            if (otherKey != "") json.WriteString("key", otherKey ?? key.Reveal());
            foreach ((string name, JsonNode? value) in fields)
            {
                json.WritePropertyName(name);
                if (value is null) json.WriteNullValue();
                else value.WriteTo(json);
            }
        });
        using var content = new SingleSendContent(body);
        using var request = new HttpRequestMessage(method, target) { Content = content };
        var exchange = new Exchange { Step = step, Kind = kind, Method = request.Method, Address = target, Fields = fields };
        return await SendAsync(exchange, request, content, kind == CallKind.Submit ? MaxExitDelay : TimeSpan.Zero, cancellationToken);
    }

    /// <summary>Downloads a file, without the key.</summary>
    internal async Task<Exchange> GetAsync(string step, Uri link, long? rangeStart, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, link);
        if (rangeStart is not null) request.Headers.Range = new RangeHeaderValue(rangeStart, null);
        var exchange = new Exchange { Step = step, Kind = CallKind.Download, Method = request.Method, Address = link };
        return await SendAsync(exchange, request, content: null, TimeSpan.Zero, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<Exchange> SendAsync(
        Exchange exchange, HttpRequestMessage request, SingleSendContent? content, TimeSpan exitDelay, CancellationToken cancellationToken)
    {
        using var stop = new CancellationTokenSource(timeout);
        using CancellationTokenRegistration registration = cancellationToken.Register(() => stop.CancelAfter(exitDelay));
        request.Headers.UserAgent.ParseAdd(HttpHandlers.UserAgent);
        request.Headers.AcceptEncoding.ParseAdd(HttpHandlers.AcceptEncoding);
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token);
            exchange = exchange with
            {
                MediaType = response.Content.Headers.ContentType?.MediaType,
                Length = response.Content.Headers.ContentLength,
                ContentRange = response.Content.Headers.ContentRange?.ToString(),
                Location = response.Headers.Location is { } location ? new Uri(exchange.Address, location) : null,
                Result = new ApiResult
                {
                    StatusCode = response.StatusCode,
                    RetryAfter = response.GetRetryAfter(TimeProvider.System),
                    Date = response.Headers.Date,
                },
            };
            byte[] body = await response.Content.ReadBytesAsync(MaxResponseBytes, stop.Token);
            byte[] redacted = exchange.Kind == CallKind.Download ? body : key.Redact(body);
            exchange = exchange with
            {
                Body = body,
                HasKey = redacted != body,
                Result = exchange.Result with { Response = exchange.Kind == CallKind.Download ? null : ServiceResponse.TryParse(redacted) },
            };
        }
        // Handlers throw many types. The response to a submission is then unknown, which the run records.
        catch (Exception e)
        {
            string reason = stop.IsCancellationRequested
                ? cancellationToken.IsCancellationRequested ? "canceled" : $"no response within {timeout.TotalSeconds:0} seconds"
                : e.GetBaseException().Message;
            exchange = exchange with
            {
                Result = exchange.Result with
                {
                    Failure = key.Redact(DisplayText.Clean(reason)),
                    IsSent = content?.IsSent ?? true,
                },
            };
        }

        Exchanges.Add(exchange);
        return exchange;
    }
}
