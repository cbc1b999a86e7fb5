using FaceGen.Webhooks;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen;

/// <summary>
/// Listens for the service's calls. Its path cannot be guessed, and still what comes is only taken as a hint to look at a
/// generation.
/// </summary>
public sealed class Webhook : IDisposable
{
    /// <summary>How long one call may take; the service itself waits no longer than 30 seconds for its answer.</summary>
    internal static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How many connections may be open that have not named the path yet. One more takes the place of the oldest: a call
    /// names it at once, and whoever says nothing keeps nobody out.
    /// </summary>
    private const int MaxUnidentifiedConnections = 64;

    /// <summary>
    /// How many connections may be open that have named the path, each with a body in memory. One more takes the place of the
    /// oldest: a delivery is there at once, and a caller that sends slowly keeps no delivery out.
    /// </summary>
    private const int MaxDeliveryConnections = 64;

    /// <summary>As many as nobody can guess.</summary>
    private const int SecretBytes = 32;

    /// <summary>The first and the longest wait after a failure to accept a connection.</summary>
    private static readonly TimeSpan MinAcceptRetryDelay = TimeSpan.FromMilliseconds(50), MaxAcceptRetryDelay = TimeSpan.FromSeconds(5);

    private readonly TcpListener _listener;
    private readonly TimeProvider _time;
    private readonly Action<string, long?> _onDelivery;
    private readonly Action<string>? _warn;
    private readonly CancellationTokenSource _closed = new();
    private readonly OpenConnections _unidentified = new(MaxUnidentifiedConnections);
    private readonly OpenConnections _delivering = new(MaxDeliveryConnections);
    private readonly byte[] _secret;
    private bool _hasWarned;
    private long _deliveryCount;

    /// <summary>Begins to listen.</summary>
    /// <param name="address">The machine's address to listen at.</param>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="publicUri">Where the service reaches it, if not there.</param>
    /// <param name="onDelivery">Is told the id and the track id of each call, one that may be forged, on any thread.</param>
    /// <param name="time">The clock of the time that a call may take, and of the waits between failures to accept.</param>
    /// <param name="warn">Shows a warning, from any thread.</param>
    /// <param name="acceptAsync">Accepts the next connection; null for the listener's own way.</param>
    /// <exception cref="FaceGenException">Nothing can listen there.</exception>
    internal Webhook(
        IPAddress address, int port, Uri? publicUri, Action<string, long?> onDelivery, TimeProvider time,
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
            throw new FaceGenException(ErrorCode.WebhookNotOpened, $"Nothing can listen at {address}, port {port}: {e.Message}", e);
        }

        string secret = CreateSecret();
        _secret = Encoding.ASCII.GetBytes(secret);
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        IPAddress named = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : address;
        Uri root = publicUri ?? new UriBuilder(Uri.UriSchemeHttp, named.ToString(), Port).Uri;
        Uri = new Uri($"{root.AbsoluteUri.TrimEnd('/')}/{secret}");
        _ = AcceptAsync(acceptAsync ?? (listener => listener.AcceptTcpClientAsync()));
    }

    /// <summary>The address that the service calls. Whoever knows it can call: it is worth keeping to oneself.</summary>
    public Uri Uri { get; }

    /// <summary>The port that it listens at.</summary>
    public int Port { get; }

    /// <summary>Whether it still listens.</summary>
    public bool IsOpen => !_closed.IsCancellationRequested;

    /// <summary>How many calls it has taken, forged and doubled ones among them.</summary>
    public long Calls => Interlocked.Read(ref _deliveryCount);

    /// <summary>Ends listening.</summary>
    public void Dispose()
    {
        if (!IsOpen) return;

        _closed.Cancel();
        _listener.Stop();
    }

    /// <summary>The address that the service calls.</summary>
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
                // One failure is a caller that had gone before its turn; when all descriptors are in use, every try fails at once.
                if (IsOpen && ++failures > 1) await DelayAcceptAsync(failures, e).ConfigureAwait(false);
            }
        }
    }

    private async Task DelayAcceptAsync(int failures, Exception failure)
    {
        if (!_hasWarned) _warn?.Invoke($"The webhook at port {Port} cannot accept connections: {failure.Message.TrimEnd('.')}. It tries again, at least every {MaxAcceptRetryDelay.TotalSeconds:0} seconds. "
            + "Generations are polled meanwhile, and none is lost. If too many files or connections are open, close some or raise the limit of this process.");
        _hasWarned = true;
        double doubled = MinAcceptRetryDelay.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 2, 10));
        try
        {
            await _time.DelayAsync(TimeSpan.FromMilliseconds(Math.Min(doubled, MaxAcceptRetryDelay.TotalMilliseconds)), _closed.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The webhook was closed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using CancellationTokenSource limit = _time.CreateTimeoutSource(RequestTimeout);
        // Where the framework's stream ignores a token, taking its connection away still ends the wait.
        using CancellationTokenRegistration abort = limit.Token.Register(client.Close);
        using CancellationTokenRegistration close = _closed.Token.Register(client.Close);
        try
        {
            await ServeAsync(client, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // Whoever called has gone, or took too long. The service calls again, or generations are looked at without.
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
        byte[] answer = Encoding.ASCII.GetBytes($"HTTP/1.1 {status} {(HttpStatusCode)status}\r\n{allow}Content-Length: 0\r\nConnection: close\r\n\r\n");
        await stream.WriteAllAsync(answer, cancellationToken).ConfigureAwait(false);
        if (delivery?.Id is not { } id) return;

        Interlocked.Increment(ref _deliveryCount);
        _onDelivery(id, delivery.TrackId);
    }

    /// <summary>Reads a request.</summary>
    /// <returns>The delivery; null for a health probe, GET or HEAD, by which a proxy, tunnel or load balancer finds out that the webhook listens.</returns>
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
            byte[] goOn = Encoding.ASCII.GetBytes("HTTP/1.1 100 Continue\r\n\r\n");
            await stream.WriteAllAsync(goOn, cancellationToken).ConfigureAwait(false);
        }

        byte[] body = await reader.ReadBodyAsync(head, cancellationToken).ConfigureAwait(false);
        return ServiceResponse.TryParse(body) is { Id: not null } call ? call : throw new HttpStatusException(400);
    }

    /// <summary>Takes as long wherever the two differ, so that the time of an answer tells nothing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    private bool IsSecret(string text)
    {
        int difference = text.Length ^ _secret.Length;
        for (int i = 0; i < _secret.Length; i++) difference |= _secret[i] ^ (i < text.Length ? text[i] : 0);
        return difference == 0;
    }

    /// <summary>The open connections of one kind: one too many closes the oldest.</summary>
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
