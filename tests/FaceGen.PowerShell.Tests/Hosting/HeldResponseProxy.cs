using System.Net;
using System.Net.Sockets;

namespace FaceGen.PowerShell.Tests.Hosting;

/// <summary>
/// A proxy to an emulator that holds the responses to submissions until they are released.
/// </summary>
internal sealed class HeldResponseProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _cancellation = new();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Uri _target;
    private readonly Task _accepting;
    private int _heldCount;

    internal HeldResponseProxy(Uri target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    internal Uri BaseUri => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>Gets the number of held responses.</summary>
    internal int HeldCount => Volatile.Read(ref _heldCount);

    /// <summary>Sends the held responses, and holds no more.</summary>
    internal void Release() => _released.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _cancellation.CancelAsync();
        _listener.Stop();
        await _accepting;
        _cancellation.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = RelayAsync(await _listener.AcceptTcpClientAsync(_cancellation.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using (client)
        using (var service = new TcpClient())
        {
            try
            {
                await service.ConnectAsync(_target.Host, _target.Port, _cancellation.Token);
                NetworkStream near = client.GetStream(), far = service.GetStream();
                bool isSubmission = false;
                Task up = CopyAsync(near, far, bytes =>
                {
                    if (bytes.Span.StartsWith("POST "u8)) isSubmission = bytes.Span[..bytes.Span.IndexOf((byte)'\r')].IndexOf("/face_gen"u8) >= 0;
                    return Task.CompletedTask;
                });
                Task down = CopyAsync(far, near, async bytes =>
                {
                    if (!isSubmission || _released.Task.IsCompleted || !bytes.Span.StartsWith("HTTP/"u8)) return;

                    Interlocked.Increment(ref _heldCount);
                    await _released.Task.WaitAsync(_cancellation.Token);
                });
                await await Task.WhenAny(up, down);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // One side has hung up, or the test is over.
            }
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Func<ReadOnlyMemory<byte>, Task> before)
    {
        byte[] buffer = new byte[1 << 16];
        int count;
        while ((count = await from.ReadAsync(buffer, _cancellation.Token)) > 0)
        {
            await before(buffer.AsMemory(0, count));
            await to.WriteAsync(buffer.AsMemory(0, count), _cancellation.Token);
        }
    }
}
