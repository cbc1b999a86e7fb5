using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using FaceGen.Contract;
using FaceGen.Http;

namespace FaceGen.Webhooks;

/// <summary>
/// Listens for the service's calls. Its path cannot be guessed, and still what comes is only taken as a hint to look at a
/// generation.
/// </summary>
public sealed class Webhook : IDisposable
{
    /// <summary>How long one call may take; the service itself waits no longer than 30 seconds for its answer.</summary>
    internal static readonly TimeSpan CallTime = TimeSpan.FromSeconds(10);

    /// <summary>How many calls' bodies are read at the same time; further ones wait for their turn.</summary>
    private const int CallsAtOnce = 64;

    /// <summary>
    /// How many connections may be open that have not named the path yet. One more takes the place of the oldest: a call
    /// names it at once, and whoever says nothing keeps nobody out.
    /// </summary>
    private const int StrangersAtOnce = 64;

    /// <summary>As many as nobody can guess.</summary>
    private const int SecretBytes = 32;

    private readonly TcpListener _listener;
    private readonly TimeProvider _time;
    private readonly Action<string, long?> _called;
    private readonly CancellationTokenSource _closed = new();
    private readonly SemaphoreSlim _turns = new(CallsAtOnce);
    private readonly List<TcpClient> _strangers = [];
    private readonly byte[] _secret;
    private long _calls;

    /// <summary>Begins to listen.</summary>
    /// <param name="address">The machine's address to listen at.</param>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="publicUri">Where the service reaches it, if not there.</param>
    /// <param name="called">Is told the id and the track id of each call, one that may be forged, on any thread.</param>
    /// <param name="time">The clock of the time that a call may take.</param>
    /// <exception cref="FaceGenException">Nothing can listen there.</exception>
    internal Webhook(IPAddress address, int port, Uri? publicUri, Action<string, long?> called, TimeProvider time)
    {
        _called = called;
        _time = time;
        _listener = new TcpListener(address, port);
        try
        {
            _listener.Start();
        }
        catch (SocketException e)
        {
            throw new FaceGenException(ErrorCode.WebhookNotOpened, $"Nothing can listen at {address}, port {port}: {e.Message}", e);
        }

        string secret = NewSecret();
        _secret = Encoding.ASCII.GetBytes(secret);
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        IPAddress named = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : address;
        Uri root = publicUri ?? new UriBuilder(Uri.UriSchemeHttp, named.ToString(), Port).Uri;
        Uri = new Uri($"{root.AbsoluteUri.TrimEnd('/')}/{secret}");
        _ = AcceptAsync();
    }

    /// <summary>The address that the service calls. Whoever knows it can call: it is worth keeping to oneself.</summary>
    public Uri Uri { get; }

    /// <summary>The port that it listens at.</summary>
    public int Port { get; }

    /// <summary>Whether it still listens.</summary>
    public bool IsOpen => !_closed.IsCancellationRequested;

    /// <summary>How many calls it has taken, forged and doubled ones among them.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>Ends listening.</summary>
    public void Dispose()
    {
        if (!IsOpen) return;

        _closed.Cancel();
        _listener.Stop();
    }

    /// <summary>The address that the service calls.</summary>
    public override string ToString() => Uri.ToString();

    private static string NewSecret()
    {
        byte[] bytes = new byte[SecretBytes];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(bytes);
        return Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    private async Task AcceptAsync()
    {
        while (IsOpen)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync().ConfigureAwait(false);
                Admit(client);
                _ = ServeAsync(client);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // Closed, or the caller had gone before its turn.
            }
        }
    }

    private void Admit(TcpClient client)
    {
        TcpClient? oldest = null;
        lock (_strangers)
        {
            if (_strangers.Count == StrangersAtOnce)
            {
                oldest = _strangers[0];
                _strangers.RemoveAt(0);
            }

            _strangers.Add(client);
        }

        oldest?.Close();
    }

    private void Know(TcpClient client)
    {
        lock (_strangers) _strangers.Remove(client);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using CancellationTokenSource limit = _time.Timer(CallTime);
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
            Know(client);
            client.Dispose();
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken cancel)
    {
        NetworkStream stream = client.GetStream();
        ServiceAnswer? call = null;
        int status = 204;
        try
        {
            call = await ReadAsync(client, stream, cancel).ConfigureAwait(false);
        }
        catch (CallException e)
        {
            status = e.Status;
        }

        byte[] answer = Encoding.ASCII.GetBytes($"HTTP/1.1 {status} {(HttpStatusCode)status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        await stream.WriteAllAsync(answer, cancel).ConfigureAwait(false);
        if (call?.Id is not { } id) return;

        Interlocked.Increment(ref _calls);
        _called(id, call.TrackId);
    }

    private async Task<ServiceAnswer> ReadAsync(TcpClient client, NetworkStream stream, CancellationToken cancel)
    {
        var reader = new CallReader(stream);
        CallHead head = await reader.ReadHeadAsync(cancel).ConfigureAwait(false);
        if (!IsSecret(head.LastSegment)) throw new CallException(404);

        Know(client);
        if (head.Method != "POST") throw new CallException(405);

        if (head.Headers.TryGetValue("Expect", out string? expected) && expected.Equals("100-continue", StringComparison.OrdinalIgnoreCase))
        {
            byte[] goOn = Encoding.ASCII.GetBytes("HTTP/1.1 100 Continue\r\n\r\n");
            await stream.WriteAllAsync(goOn, cancel).ConfigureAwait(false);
        }

        byte[] body = await ReadBodyAsync(reader, head, cancel).ConfigureAwait(false);
        return ServiceAnswer.TryRead(body) is { Id: not null } call ? call : throw new CallException(400);
    }

    private async Task<byte[]> ReadBodyAsync(CallReader reader, CallHead head, CancellationToken cancel)
    {
        await _turns.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return await reader.ReadBodyAsync(head, cancel).ConfigureAwait(false);
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>Takes as long wherever the two differ, so that the time of an answer tells nothing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.NoOptimization)]
    private bool IsSecret(string text)
    {
        int difference = text.Length ^ _secret.Length;
        for (int i = 0; i < _secret.Length; i++) difference |= _secret[i] ^ (i < text.Length ? text[i] : 0);
        return difference == 0;
    }
}
