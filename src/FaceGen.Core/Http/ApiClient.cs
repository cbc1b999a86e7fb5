using System.Net;
using System.Text.Json;
using FaceGen.Contract;

namespace FaceGen.Http;

/// <summary>Posts JSON with the key to the service's address and to no other address.</summary>
internal sealed class ApiClient : IDisposable
{
    /// <summary>
    /// The maximum size of a response, in bytes. Two images of 512 × 768 pixels need at most 8 MB, uncompressed and as base64.
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

    /// <summary>Posts a request once. A failure on the network is a result and not an exception.</summary>
    /// <param name="address">An address of the service.</param>
    /// <param name="writeFields">Writes the fields beside the key.</param>
    /// <param name="cancellationToken">Cancels the request, in flight or not.</param>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    internal Task<ApiResult> PostAsync(Uri address, Action<Utf8JsonWriter>? writeFields, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, address, writeFields, CancellationToken.None, cancellationToken);

    /// <summary>
    /// Gets an address once, with the key in a body as documented: servers and proxies would log an address with the key. .NET Framework
    /// does not send such a request, which is a result, too.
    /// </summary>
    /// <param name="address">An address of the service.</param>
    /// <param name="cancellationToken">Cancels the request, in flight or not.</param>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    internal Task<ApiResult> GetAsync(Uri address, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, address, null, CancellationToken.None, cancellationToken);

    /// <summary>Posts a request that costs money once: it can be canceled only before it is sent. A failure on the network is a result.</summary>
    /// <param name="address">An address of the service.</param>
    /// <param name="writeFields">Writes the fields beside the key.</param>
    /// <param name="beforeSendToken">Cancels the request if no byte of it has been sent; the result is "not sent".</param>
    internal Task<ApiResult> SubmitAsync(Uri address, Action<Utf8JsonWriter>? writeFields, CancellationToken beforeSendToken) =>
        SendAsync(HttpMethod.Post, address, writeFields, beforeSendToken, CancellationToken.None);

    private async Task<ApiResult> SendAsync(
        HttpMethod method, Uri address, Action<Utf8JsonWriter>? writeFields, CancellationToken beforeSendToken, CancellationToken cancellationToken)
    {
        if (!_address.IsOwn(address)) throw new InvalidOperationException($"The key must not be sent to {address.Host}.");

        using var content = new SingleSendContent(CreateBody(writeFields), beforeSendToken);
        using var request = new HttpRequestMessage(method, address) { Content = content };
        using CancellationTokenSource stop = _time.CreateTimeoutSource(_timeout);
        using CancellationTokenRegistration registration = cancellationToken.Register(stop.Cancel);
        ApiResult result = new();
        try
        {
            using HttpResponseMessage response = await _http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token).ConfigureAwait(false);
            result = result with
            {
                StatusCode = response.StatusCode,
                RetryAfter = response.GetRetryAfter(_time),
                Date = response.Headers.Date,
                Fault = response.StatusCode == HttpStatusCode.ProxyAuthenticationRequired ? ConnectionFault.CreateProxyAuthentication(_address.Root, _proxy) : null,
            };
            byte[] body = await response.Content.ReadBytesAsync(MaxResponseBytes, stop.Token).ConfigureAwait(false);
            return result with { Response = await ParseAsync(body, stop.Token).ConfigureAwait(false), IsSent = content.IsSent };
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        // Handlers throw many types, for example for a body that cannot be decompressed. The outcome of the request is unknown then.
        catch (Exception e)
        {
            string reason = stop.IsCancellationRequested
                ? $"no response within {_timeout.TotalSeconds:0} seconds"
                : e.GetBaseException().Message;
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

    /// <summary>Parses a body, which some servers compress although the request does not accept that.</summary>
    private async Task<ServiceResponse?> ParseAsync(byte[] body, CancellationToken cancellationToken)
    {
        ServiceResponse? response = await LargeBodyDecoder.DecodeAsync(body.Length, () => Parse(body), cancellationToken).ConfigureAwait(false);
        return response is not null || BodyDecompressor.IsText(body) ? response : await LargeBodyDecoder.DecodeAsync(MaxResponseBytes, () =>
            BodyDecompressor.TryRead(new ArraySegment<byte>(body), MaxResponseBytes, content => Parse([.. content])), cancellationToken).ConfigureAwait(false);
    }

    private ServiceResponse? Parse(byte[] body) => ServiceResponse.TryParse(_key.Redact(body));

    private byte[] CreateBody(Action<Utf8JsonWriter>? writeFields) => JsonObjectWriter.Write(json =>
    {
        json.WriteString("key", _key.Reveal());
        writeFields?.Invoke(json);
    });
}
