using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using FaceGen.Contract;
using FaceGen.Webhooks;

namespace FaceGen;

/// <summary>
/// Listens for webhook deliveries of the service. Its path cannot be guessed; even so, a delivery is only a hint to poll a generation.
/// </summary>
public sealed class Webhook : IDisposable
{
    /// <summary>The timeout of a request; the service waits at most 30 seconds for the response.</summary>
    internal static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The maximum number of connections without a received path. Another one replaces the oldest, so that silent connections do not
    /// block deliveries.
    /// </summary>
    private const int MaxUnidentifiedConnections = 64;

    /// <summary>
    /// The maximum number of connections with the right path, each with a body in memory. Another one replaces the oldest, so that slow
    /// senders do not block deliveries.
    /// </summary>
    private const int MaxDeliveryConnections = 64;

    /// <summary>The number of random bytes in the path.</summary>
    private const int SecretBytes = 32;

    /// <summary>The first and the maximum delay after a failure to accept a connection.</summary>
    private static readonly TimeSpan MinAcceptRetryDelay = TimeSpan.FromMilliseconds(50), MaxAcceptRetryDelay = TimeSpan.FromSeconds(5);

    private readonly TcpListener _listener;
    private readonly TimeProvider _time;
    private readonly Action<string, string?> _onDelivery;
    private readonly Action<string>? _warn;
    private readonly CancellationTokenSource _closed = new();
    private readonly OpenConnections _unidentified = new(MaxUnidentifiedConnections);
    private readonly OpenConnections _delivering = new(MaxDeliveryConnections);
    private readonly byte[] _secret;
    private bool _hasWarned;
    private long _deliveryCount;

    /// <summary>Opens a webhook.</summary>
    /// <param name="address">The local address to listen on.</param>
    /// <param name="port">The port; 0 for any free port.</param>
    /// <param name="publicUri">The address at which the service reaches the webhook, if it is another one.</param>
    /// <param name="onDelivery">Called with the id and the track id of each delivery, which can be forged, on any thread.</param>
    /// <param name="time">The clock of the timeouts and delays.</param>
    /// <param name="warn">Writes a warning, on any thread.</param>
    /// <param name="acceptAsync">Accepts the next connection; null to use the listener.</param>
    /// <exception cref="FaceGenException">The webhook cannot listen on the address and port.</exception>
    internal Webhook(
        IPAddress address, int port, Uri? publicUri, Action<string, string?> onDelivery, TimeProvider time,
        Action<string>? warn = null, Func<TcpListener, Task<TcpClient>>? acceptAsync = null)
    {
        _onDelivery = onDelivery;
        _time = time;
        _warn = warn;
        _listener = new TcpListener(address, port);
        try
        {
            _listener.Start();
        }
        catch (SocketException e)
        {
            throw new FaceGenException(ErrorCode.WebhookNotOpened,
                $"The webhook cannot listen on {address}, port {port}: {e.Message.TrimEnd('.')}. Generations are polled instead. Use another -Port or -ListenAddress.", e);
        }

        string secret = CreateSecret();
        _secret = Encoding.ASCII.GetBytes(secret);
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        IPAddress reachable = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : address;
        Uri root = publicUri ?? new UriBuilder(Uri.UriSchemeHttp, reachable.ToString(), Port).Uri;
        Uri = new Uri($"{root.AbsoluteUri.TrimEnd('/')}/{secret}");
        _ = AcceptAsync(acceptAsync ?? (listener => listener.AcceptTcpClientAsync()));
    }

    /// <summary>Gets the address for deliveries. It is a secret: anyone who knows it can send deliveries.</summary>
    public Uri Uri { get; }

    /// <summary>Gets the local port.</summary>
    public int Port { get; }

    /// <summary>True if the webhook listens.</summary>
    public bool IsOpen => !_closed.IsCancellationRequested;

    /// <summary>Gets the number of received deliveries, including forged and duplicate ones.</summary>
    public long Deliveries => Interlocked.Read(ref _deliveryCount);

    /// <summary>Gets or sets the tracker of the account that the webhook was opened for; null until it is added to one.</summary>
    internal DeliveryTracker? Tracker { get; set; }

    /// <summary>Closes the webhook, and removes it from the webhooks of its account.</summary>
    internal void Close()
    {
        if (Tracker is { } tracker) tracker.Close(this);
        else Dispose();
    }

    /// <summary>Closes the webhook.</summary>
    public void Dispose()
    {
        if (!IsOpen) return;

        _closed.Cancel();
        _listener.Stop();
    }

    /// <summary>Returns the address for deliveries.</summary>
    public override string ToString() => Uri.ToString();

    private static string CreateSecret()
    {
        byte[] bytes = new byte[SecretBytes];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(bytes);
        return Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    private async Task AcceptAsync(Func<TcpListener, Task<TcpClient>> accept)
    {
        int failures = 0;
        while (IsOpen)
        {
            try
            {
                TcpClient client = await accept(_listener).ConfigureAwait(false);
                failures = 0;
                _unidentified.Add(client);
                _ = ServeAsync(client);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // A single failure is a client that disconnected early. If all file descriptors are in use, every attempt fails at once.
                if (IsOpen && ++failures > 1) await DelayAcceptAsync(failures, e).ConfigureAwait(false);
            }
        }
    }

    private async Task DelayAcceptAsync(int failures, Exception failure)
    {
        double doubled = MinAcceptRetryDelay.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 2, 10));
        var delay = TimeSpan.FromMilliseconds(Math.Min(doubled, MaxAcceptRetryDelay.TotalMilliseconds));
        if (!_hasWarned) _warn?.Invoke($"The webhook at port {Port} cannot accept connections: {failure.Message.TrimEnd('.')}. Generations are polled instead, and none is lost. Retrying in {DisplayText.FormatSeconds(delay)}. "
            + "If too many files or connections are open, close some or raise the limit of this process.");
        _hasWarned = true;
        try
        {
            await _time.DelayAsync(delay, _closed.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The webhook is closed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using CancellationTokenSource timeout = _time.CreateTimeoutSource(RequestTimeout);
        // The stream of .NET Framework ignores the token; closing the connection ends the read.
        using CancellationTokenRegistration onTimeout = timeout.Token.Register(client.Close);
        using CancellationTokenRegistration onClosed = _closed.Token.Register(client.Close);
        try
        {
            await ServeAsync(client, timeout.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // The client disconnected or was too slow. The service sends the delivery again, or the generation is polled.
        }
        finally
        {
            _unidentified.Remove(client);
            _delivering.Remove(client);
            client.Dispose();
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken cancellationToken)
    {
        NetworkStream stream = client.GetStream();
        ServiceResponse? delivery = null;
        int status;
        try
        {
            delivery = await ReadAsync(client, stream, cancellationToken).ConfigureAwait(false);
            status = delivery is null ? 200 : 204;
        }
        catch (HttpStatusException e)
        {
            status = e.Status;
        }

        string allow = status == 405 ? "Allow: GET, HEAD, POST\r\n" : "";
        byte[] response = Encoding.ASCII.GetBytes($"HTTP/1.1 {status} {(HttpStatusCode)status}\r\n{allow}Content-Length: 0\r\nConnection: close\r\n\r\n");
        await stream.WriteAsync(response, 0, response.Length, cancellationToken).ConfigureAwait(false);
        if (delivery?.AcceptedId is not { } id) return;

        Interlocked.Increment(ref _deliveryCount);
        _onDelivery(id, delivery.TrackId);
    }

    /// <summary>Reads a request.</summary>
    /// <returns>The delivery; null for a health probe (GET or HEAD) of a proxy, tunnel or load balancer.</returns>
    /// <exception cref="HttpStatusException">The request is neither.</exception>
    private async Task<ServiceResponse?> ReadAsync(TcpClient client, NetworkStream stream, CancellationToken cancellationToken)
    {
        var reader = new HttpRequestReader(stream);
        HttpRequestHead head = await reader.ReadHeadAsync(cancellationToken).ConfigureAwait(false);
        if (!IsSecret(head.LastSegment)) throw new HttpStatusException(404);

        _unidentified.Remove(client);
        _delivering.Add(client);
        if (head.Method is "GET" or "HEAD") return null;
        if (head.Method != "POST") throw new HttpStatusException(405);

        if (head.Headers.TryGetValue("Expect", out string? expected) && expected.Equals("100-continue", StringComparison.OrdinalIgnoreCase))
        {
            byte[] proceed = Encoding.ASCII.GetBytes("HTTP/1.1 100 Continue\r\n\r\n");
            await stream.WriteAsync(proceed, 0, proceed.Length, cancellationToken).ConfigureAwait(false);
        }

        byte[] body = await reader.ReadBodyAsync(head, cancellationToken).ConfigureAwait(false);
        return ServiceResponse.TryParse(body) is { AcceptedId: not null } delivery ? delivery : throw new HttpStatusException(400);
    }

    /// <summary>Compares in constant time, so that the time of a response does not reveal the secret.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    private bool IsSecret(string text)
    {
        int difference = text.Length ^ _secret.Length;
        for (int i = 0; i < _secret.Length; i++) difference |= _secret[i] ^ (i < text.Length ? text[i] : 0);
        return difference == 0;
    }

    /// <summary>Holds open connections; one beyond the capacity closes the oldest.</summary>
    private sealed class OpenConnections(int capacity)
    {
        private readonly List<TcpClient> _clients = [];

        internal void Add(TcpClient client)
        {
            TcpClient? oldest = null;
            lock (_clients)
            {
                if (_clients.Count == capacity)
                {
                    oldest = _clients[0];
                    _clients.RemoveAt(0);
                }

                _clients.Add(client);
            }

            oldest?.Close();
        }

        internal void Remove(TcpClient client)
        {
            lock (_clients) _clients.Remove(client);
        }
    }
}
