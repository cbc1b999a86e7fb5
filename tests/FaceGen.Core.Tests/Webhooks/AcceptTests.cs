using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using FaceGen.Core.Tests.Support;
using FaceGen.Webhooks;

namespace FaceGen.Core.Tests.Webhooks;

/// <summary>What the webhook does when connections cannot be accepted, as when a process has used up its descriptors.</summary>
public sealed class AcceptTests
{
    private readonly TestClock _clock = new();
    private readonly List<string> _warned = [];
    private int _tries;

    [Fact]
    public async Task Accept_that_keeps_failing_is_tried_ever_more_rarely_and_warned_of_once()
    {
        using Webhook webhook = Open(_ => throw new SocketException((int)SocketError.TooManyOpenSockets));

        Assert.Equal(2, _tries);
        for (int second = 0; second < 60; second++) await _clock.PassAsync(TimeSpan.FromSeconds(1)).GuardAsync();

        Assert.InRange(_tries, 10, 30);
        string warning = Assert.Single(_warned);
        Assert.Contains($"port {webhook.Port}", warning, StringComparison.Ordinal);
        Assert.Contains("none is lost", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accept_that_fails_after_a_while_is_tried_ever_more_rarely()
    {
        var tried = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        DateTimeOffset start = _clock.GetUtcNow();
        using Webhook webhook = Open(async _ =>
        {
            await Task.Yield();
            if (_tries == 12) tried.SetResult(true);
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        });

        await _clock.RunAsync(tried.Task);

        Assert.InRange((_clock.GetUtcNow() - start).TotalSeconds, 15, 60);
    }

    [Fact]
    public async Task Accept_that_works_again_serves_deliveries()
    {
        bool isBroken = true;
        var called = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using Webhook webhook = Open(
            listener => isBroken ? throw new SocketException((int)SocketError.TooManyOpenSockets) : listener.AcceptTcpClientAsync(), called);
        await _clock.PassAsync(TimeSpan.FromSeconds(30)).GuardAsync();

        isBroken = false;
        await _clock.PassAsync(TimeSpan.FromSeconds(5)).GuardAsync();
        using var http = new HttpClient();
        using HttpResponseMessage answer = await http.PostAsJsonAsync(webhook.Uri, new { id = 7 }).GuardAsync();

        Assert.Equal((HttpStatusCode.NoContent, "7"), (answer.StatusCode, await called.Task.GuardAsync()));
    }

    [Fact]
    public async Task Caller_that_has_gone_before_its_turn_is_neither_waited_for_nor_warned_of()
    {
        using Webhook webhook = Open(listener => _tries == 1 ? throw new SocketException((int)SocketError.ConnectionAborted) : listener.AcceptTcpClientAsync());
        using var http = new HttpClient();

        // The clock stands still.
        using HttpResponseMessage answer = await http.PostAsJsonAsync(webhook.Uri, new { id = 7 }).GuardAsync();

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Empty(_warned);
    }

    [Fact]
    public async Task Webhook_that_is_closed_tries_no_more()
    {
        Webhook webhook = Open(_ => throw new SocketException((int)SocketError.TooManyOpenSockets));

        webhook.Dispose();
        await _clock.PassAsync(TimeSpan.FromHours(1)).GuardAsync();

        Assert.InRange(_tries, 2, 3);
    }

    [Fact]
    public async Task Callers_that_send_slowly_keep_no_delivery_out()
    {
        using Webhook webhook = Open(listener => listener.AcceptTcpClientAsync());
        var slow = new List<TcpClient>();
        try
        {
            for (int i = 0; i < 200; i++)
            {
                slow.Add(new TcpClient());
                await slow[^1].ConnectAsync(IPAddress.Loopback, webhook.Port).GuardAsync();
                await slow[^1].GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST {webhook.Uri.AbsolutePath} HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{{"));
            }

            // The clock stands still: none of them is cut off for its time.
            using var http = new HttpClient();
            using HttpResponseMessage answer = await http.PostAsJsonAsync(webhook.Uri, new { id = 1 }).GuardAsync();

            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        }
        finally
        {
            slow.ForEach(client => client.Dispose());
        }
    }

    private Webhook Open(Func<TcpListener, Task<TcpClient>> accept, TaskCompletionSource<string>? called = null) => new(
        IPAddress.Loopback, 0, null, (id, _) => called?.TrySetResult(id), _clock, _warned.Add, listener =>
        {
            _tries++;
            return accept(listener);
        });
}
