using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FaceGen.Tests.Shared;
using Npgsql;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>
/// A connection pooler in transaction mode, as PgBouncer and the pools of hosted databases have it: each transaction of a
/// client gets whichever of the server's sessions is free.
/// </summary>
internal sealed class TransactionPooler : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<string> _statements = [];
    private readonly HashSet<NetworkStream> _sessions = [];
    private readonly LinkedList<NetworkStream> _idle = [];
    private readonly SemaphoreSlim _free = new(0);
    private readonly int _serverPort;
    private readonly int _size;
    private readonly bool _isRoundRobin;
    private readonly Task _accepting;

    /// <param name="server">The server.</param>
    /// <param name="size">The number of sessions.</param>
    /// <param name="isRoundRobin">Whether the session comes next that was free for the longest time.</param>
    internal TransactionPooler(PostgresServer server, int size, bool isRoundRobin)
    {
        (_serverPort, _size, _isRoundRobin) = (new NpgsqlConnectionStringBuilder(server.GetConnectionString("any")).Port, size, isRoundRobin);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Gets the messages of the clients.</summary>
    internal IEnumerable<string> Statements => _statements;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await Task.WhenAny(_accepting);
        foreach (NetworkStream session in _sessions) await session.DisposeAsync();
    }

    private async Task AcceptAsync()
    {
        while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token));
    }

    private async Task ServeAsync(TcpClient connected)
    {
        using TcpClient client = connected;
        NetworkStream from = client.GetStream();
        Keep(await LogInAsync(from));
        NetworkStream? session = null;
        while (await ReadAsync(from, hasType: true) is { } message && message[0] != 'X')
        {
            _statements.Enqueue(Encoding.Latin1.GetString(message));
            session ??= await TakeAsync();
            await session.WriteAsync(message, _end.Token);
            if (message[0] is not ((byte)'S' or (byte)'Q')) continue;

            byte[] response;
            do
            {
                response = await ReadAsync(session, hasType: true) ?? throw new EndOfStreamException();
                await from.WriteAsync(response, _end.Token);
            }
            while (response[0] != 'Z');
            if (response[^1] != 'I') continue;

            Keep(session);
            session = null;
        }
    }

    /// <summary>Lets a client log in at a session of its own, which then belongs to the pool.</summary>
    private async Task<NetworkStream> LogInAsync(NetworkStream client)
    {
        var server = new TcpClient();
        await server.ConnectAsync(IPAddress.Loopback, _serverPort, _end.Token);
        NetworkStream session = server.GetStream();
        await session.WriteAsync(await ReadAsync(client, hasType: false) ?? throw new EndOfStreamException(), _end.Token);
        byte[] response;
        do
        {
            response = await ReadAsync(session, hasType: true) ?? throw new EndOfStreamException();
            await client.WriteAsync(response, _end.Token);
            // SASL's two steps are answered.
            if (response[0] == 'R' && BinaryPrimitives.ReadInt32BigEndian(response.AsSpan(5)) is 10 or 11)
                await session.WriteAsync(await ReadAsync(client, hasType: true) ?? throw new EndOfStreamException(), _end.Token);
        }
        while (response[0] != 'Z');
        return session;
    }

    private void Keep(NetworkStream session)
    {
        lock (_idle)
        {
            if (!_sessions.Contains(session) && _sessions.Count == _size)
            {
                session.Dispose();
                return;
            }

            _sessions.Add(session);
            if (_isRoundRobin) _idle.AddLast(session);
            else _idle.AddFirst(session);
        }

        _free.Release();
    }

    private async Task<NetworkStream> TakeAsync()
    {
        await _free.WaitAsync(_end.Token);
        lock (_idle)
        {
            NetworkStream session = _idle.First!.Value;
            _idle.RemoveFirst();
            return session;
        }
    }

    private async Task<byte[]?> ReadAsync(NetworkStream stream, bool hasType)
    {
        int start = hasType ? 1 : 0;
        byte[] head = new byte[start + 4];
        if (await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, _end.Token) < head.Length) return null;

        byte[] message = new byte[start + BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(start))];
        head.CopyTo(message, 0);
        await stream.ReadExactlyAsync(message.AsMemory(head.Length), _end.Token);
        return message;
    }
}
