using System.Net;
using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>Posts JSON with the key to the service's own address, and to no other.</summary>
internal sealed class ApiClient : IDisposable
{
    /// <summary>
    /// The largest answer, in bytes. Two images of 512 × 768 pixels as base64 need 8 MB at most, in the widest format and not
    /// compressed at all.
    /// </summary>
    internal const int MaxResponseBytes = 16 * 1024 * 1024;

    private readonly ServiceAddress _address;
    private readonly ApiKey _key;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly HttpClient _http;
    private readonly Uri? _proxy;

    internal ApiClient(ServiceAddress address, ApiKey key, TimeSpan timeout, HttpMessageHandler handler, TimeProvider time, Uri? proxy = null)
    {
        _proxy = proxy;
        _address = address;
        _key = key;
        _timeout = timeout;
        _time = time;
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(HttpHandlers.UserAgent);
        _http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        _http.DefaultRequestHeaders.AcceptEncoding.ParseAdd(HttpHandlers.AcceptEncoding);
    }

    /// <summary>
    /// Posts once. Whatever happens on the network is a result, not an exception; only <paramref name="cancellationToken"/>
    /// throws.
    /// </summary>
    /// <param name="address">An address of the service's own.</param>
    /// <param name="writeFields">Writes what stands beside the key.</param>
    /// <param name="cancellationToken">Cuts the call off wherever it is.</param>
    /// <param name="beforeSendToken">Ends the call as long as nothing of it has been sent; then its result is "not sent".</param>
    internal async Task<ApiResult> PostAsync(
        Uri address, Action<Utf8JsonWriter>? writeFields, CancellationToken cancellationToken, CancellationToken beforeSendToken = default)
    {
        if (!_address.IsOwn(address)) throw new InvalidOperationException($"The key does not go to {address.Host}.");

        using var content = new SingleSendContent(CreateBody(writeFields), beforeSendToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
        using CancellationTokenSource either = _time.CreateTimeoutSource(_timeout);
        using CancellationTokenRegistration cutOff = cancellationToken.Register(either.Cancel);
        ApiResult result = new();
        try
        {
            using HttpResponseMessage response = await _http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            result = result with
            {
                StatusCode = response.StatusCode,
                RetryAfter = response.GetRetryAfter(_time),
                Date = response.Headers.Date,
                Fault = response.StatusCode == HttpStatusCode.ProxyAuthenticationRequired ? ConnectionFault.CreateProxyAuthentication(_address.Root, _proxy) : null,
            };
            byte[] body = await response.Content.ReadBytesAsync(MaxResponseBytes, either.Token).ConfigureAwait(false);
            return result with { Response = await ParseAsync(body, either.Token).ConfigureAwait(false), IsSent = content.IsSent };
        }
        // Whatever else goes wrong on the way, a body that cannot be unpacked among it, leaves the outcome unknown.
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception e)
        {
            string reason = either.IsCancellationRequested
                ? $"no answer within {_timeout.TotalSeconds:0} seconds"
                : GetInnermost(e).Message;
            return result with
            {
                Failure = _key.Redact(DisplayText.Clean(UserInfo.Remove(reason))),
                IsSent = content.IsSent,
                Fault = content.IsSent || result.StatusCode is not null ? null : ConnectionFault.FindIn(e, _address.Root, _proxy),
            };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Reads an answer that is plain, or compressed although that was not asked for.</summary>
    private async Task<ServiceResponse?> ParseAsync(byte[] body, CancellationToken cancellationToken)
    {
        ServiceResponse? answer = await LargeBodyDecoder.DecodeAsync(body.Length, () => Parse(body), cancellationToken).ConfigureAwait(false);
        return answer is not null || BodyDecompressor.IsText(body) ? answer : await LargeBodyDecoder.DecodeAsync(MaxResponseBytes, () =>
            BodyDecompressor.TryRead(new ArraySegment<byte>(body), MaxResponseBytes, content => Parse([.. content])), cancellationToken).ConfigureAwait(false);
    }

    private ServiceResponse? Parse(byte[] body) => ServiceResponse.TryParse(_key.Redact(body));

    private byte[] CreateBody(Action<Utf8JsonWriter>? writeFields) => JsonObjectWriter.Write(json =>
    {
        json.WriteString("key", _key.Reveal());
        writeFields?.Invoke(json);
    });

    private static Exception GetInnermost(Exception e) => e.InnerException is { } inner ? GetInnermost(inner) : e;
}
