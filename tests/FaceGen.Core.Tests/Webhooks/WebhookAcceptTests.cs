using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Webhooks;

/// <summary>Tests a webhook that cannot accept connections, for example because all file descriptors are in use.</summary>
public sealed class WebhookAcceptTests
{
    private readonly TestClock _clock = new();
    private readonly List<string> _warnings = [];
    private int _attempts;

    [Fact]
    public async Task Accept_repeated_failure_backs_off_and_warns_once()
    {
        using Webhook webhook = Open(_ => throw new SocketException((int)SocketError.TooManyOpenSockets));

        Assert.Equal(2, _attempts);
        for (int second = 0; second < 60; second++) await _clock.AdvanceAsync(TimeSpan.FromSeconds(1)).WithTimeoutAsync();

        Assert.InRange(_attempts, 10, 30);
        string warning = Assert.Single(_warnings);
        Assert.Contains($"port {webhook.Port}", warning, StringComparison.Ordinal);
        Assert.Contains("none is lost", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accept_later_failure_backs_off()
    {
        var tried = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        DateTimeOffset start = _clock.GetUtcNow();
        using Webhook webhook = Open(async _ =>
        {
            await Task.Yield();
            if (_attempts == 12) tried.SetResult(true);
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        });

        await _clock.RunAsync(tried.Task);

        Assert.InRange((_clock.GetUtcNow() - start).TotalSeconds, 15, 60);
    }

    [Fact]
    public async Task Accept_after_recovery_serves_deliveries()
    {
        bool isBroken = true;
        var delivery = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using Webhook webhook = Open(
            listener => isBroken ? throw new SocketException((int)SocketError.TooManyOpenSockets) : listener.AcceptTcpClientAsync(), delivery);
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(30)).WithTimeoutAsync();

        isBroken = false;
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(5)).WithTimeoutAsync();
        using var http = new HttpClient();
        using HttpResponseMessage response = await http.PostAsJsonAsync(webhook.Uri, new { id = 7 }).WithTimeoutAsync();

        Assert.Equal((HttpStatusCode.NoContent, "7"), (response.StatusCode, await delivery.Task.WithTimeoutAsync()));
    }

    [Fact]
    public async Task Accept_single_failure_is_ignored()
    {
        using Webhook webhook = Open(listener => _attempts == 1 ? throw new SocketException((int)SocketError.ConnectionAborted) : listener.AcceptTcpClientAsync());
        using var http = new HttpClient();

        // The clock is stopped.
        using HttpResponseMessage response = await http.PostAsJsonAsync(webhook.Uri, new { id = 7 }).WithTimeoutAsync();

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Accept_closed_webhook_stops()
    {
        Webhook webhook = Open(_ => throw new SocketException((int)SocketError.TooManyOpenSockets));

        webhook.Dispose();
        await _clock.AdvanceAsync(TimeSpan.FromHours(1)).WithTimeoutAsync();

        Assert.InRange(_attempts, 2, 3);
    }

    [Fact]
    public async Task Accept_slow_senders_do_not_block_deliveries()
    {
        using Webhook webhook = Open(listener => listener.AcceptTcpClientAsync());
        var slow = new List<TcpClient>();
        try
        {
            for (int i = 0; i < 200; i++)
            {
                slow.Add(new TcpClient());
                await slow[^1].ConnectAsync(IPAddress.Loopback, webhook.Port).WithTimeoutAsync();
                await slow[^1].GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST {webhook.Uri.AbsolutePath} HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{{"));
            }

            // The clock is stopped, so no connection times out.
            using var http = new HttpClient();
            using HttpResponseMessage response = await http.PostAsJsonAsync(webhook.Uri, new { id = 1 }).WithTimeoutAsync();

            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        }
        finally
        {
            slow.ForEach(client => client.Dispose());
        }
    }

    private Webhook Open(Func<TcpListener, Task<TcpClient>> accept, TaskCompletionSource<string>? delivery = null) => new(
        IPAddress.Loopback, 0, null, (id, _) => delivery?.TrySetResult(id), _clock, _warnings.Add, listener =>
        {
            _attempts++;
            return accept(listener);
        });
}
