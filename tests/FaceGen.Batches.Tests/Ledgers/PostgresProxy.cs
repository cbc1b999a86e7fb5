using System.Net;
using System.Net.Sockets;
using System.Text;
using FaceGen.Tests.Shared;
using Npgsql;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>
/// A TCP proxy in front of a server of PostgreSQL. Frozen, it accepts connections and forwards nothing, as a network does
/// that drops every packet, or a process that is stopped.
/// </summary>
internal sealed class PostgresProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly int _serverPort;
    private readonly Task _accepting;
    private volatile TaskCompletionSource? _frozen;
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _freezeAt;
    private int _forwardOfIt;
    private TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal PostgresProxy(PostgresServer server)
    {
        _serverPort = new NpgsqlConnectionStringBuilder(server.GetConnectionString("any")).Port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Completes when something that a client has sent is held back.</summary>
    internal Task Held => _held.Task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>The port that clients connect to.</summary>
    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    internal void Freeze() => _frozen ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Freezes when a client sends a text, after forwarding some of its bytes.</summary>
    internal void FreezeAt(string text, int forward = 0) => (_forwardOfIt, _freezeAt) = (forward, text);

    internal void Thaw()
    {
        TaskCompletionSource? frozen = _frozen;
        (_freezeAt, _frozen) = (null, null);
        frozen?.TrySetResult();
    }

    /// <summary>Closes all connections: what is held back is lost.</summary>
    internal void Cut() => Interlocked.Exchange(ref _cut, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await Task.WhenAny(_accepting);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
            _ = RelayAsync(client);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            await server.ConnectAsync(IPAddress.Loopback, _serverPort, _end.Token);
            Task cut = _cut.Task;
            // Either end's close closes the other one.
            await Task.WhenAny(await Task.WhenAny(
                PumpAsync(client.GetStream(), server.GetStream(), cut, isFromClient: true),
                PumpAsync(server.GetStream(), client.GetStream(), cut, isFromClient: false),
                cut));
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, Task cut, bool isFromClient)
    {
        byte[] buffer = new byte[64 * 1024];
        int length;
        do
        {
            length = await from.ReadAsync(buffer, _end.Token);
            int forwarded = 0;
            if (isFromClient && _freezeAt is { } text && buffer.AsSpan(0, length).IndexOf(Encoding.ASCII.GetBytes(text)) >= 0)
            {
                // First, so that the response to it is held back too.
                Freeze();
                forwarded = Math.Min(_forwardOfIt, length);
                await to.WriteAsync(buffer.AsMemory(0, forwarded), _end.Token);
            }

            if (_frozen is { } frozen)
            {
                if (isFromClient) _held.TrySetResult();
                await Task.WhenAny(frozen.Task, cut).WaitAsync(_end.Token);
                if (cut.IsCompleted) return;
            }

            await to.WriteAsync(buffer.AsMemory(forwarded, length - forwarded), _end.Token);
        }
        while (length > 0);
    }
}
