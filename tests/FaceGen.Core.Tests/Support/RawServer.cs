using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FaceGen.Core.Tests.Support;

/// <summary>An HTTP server on sockets: the test decides about the response and the connection after each complete request.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    /// <summary>The behavior after a request.</summary>
    internal enum Reply
    {
        /// <summary>Sends a response and keeps the connection open.</summary>
        KeepAlive,

        /// <summary>Sends a response that does not announce it, and closes the connection.</summary>
        RespondThenClose,

        /// <summary>Closes the connection without a response.</summary>
        Close,
    }

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<Reply> _replies;
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly SemaphoreSlim _closed = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _connections;

    internal RawServer(params Reply[] replies)
    {
        _replies = new ConcurrentQueue<Reply>(replies);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    internal Uri Root => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Gets the bodies of the complete requests.</summary>
    internal IReadOnlyList<string> Requests => [.. _requests];

    internal int Connections => Volatile.Read(ref _connections);

    /// <summary>Waits until the server has closed one more connection.</summary>
    internal Task WaitForCloseAsync() => _closed.WaitAsync().WithTimeoutAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        _stop.Dispose();
        _closed.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                serving.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            NetworkStream stream = client.GetStream();
            try
            {
                while (await ReadRequestAsync(stream) is { } body)
                {
                    _requests.Enqueue(body);
                    Reply reply = _replies.TryDequeue(out Reply next) ? next : Reply.KeepAlive;
                    if (reply != Reply.Close) await stream.WriteAsync(Response, _stop.Token);
                    if (reply != Reply.KeepAlive) break;
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The client has closed the connection, or the test has ended.
                client.Close();
            }
        }

        _closed.Release();
    }

    private static byte[] Response { get; } = Encoding.ASCII.GetBytes(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 52\r\n\r\n{\"status\":\"processing\",\"id\":1,\"eta\":1,\"output\":[]  }");

    /// <summary>Reads one request; null if the client closed the connection.</summary>
    private async Task<string?> ReadRequestAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0) return null;
            head.Append((char)one[0]);
        }

        string length = head.ToString().Split("\r\n").Single(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        byte[] body = new byte[int.Parse(length.Split(':')[1], null)];
        await stream.ReadExactlyAsync(body, _stop.Token);
        return Encoding.UTF8.GetString(body);
    }
}
