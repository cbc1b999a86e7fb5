using System.Net;
using System.Net.Sockets;
using System.Text;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Webhooks;

/// <summary>Tests health probes of a proxy, a tunnel or a load balancer.</summary>
public sealed class WebhookProbeTests : IDisposable
{
    private readonly List<string> _deliveries = [];
    private readonly Webhook _webhook;

    public WebhookProbeTests() => _webhook = new Webhook(IPAddress.Loopback, 0, null, (id, _) => _deliveries.Add(id), new TestClock());

    public void Dispose() => _webhook.Dispose();

    [Theory]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {path} HTTP/1.0\r\n\r\n")]
    [InlineData("GET {path}?probe=1 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("HEAD /behind/a/proxy{path} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET http://hooks.example{path} HTTP/1.1\r\nHost: a\r\n\r\n")]
    public async Task Probe_of_webhook_path_returns_200_without_delivery(string request)
    {
        string response = await SendAsync(request);

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", response, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", response, StringComparison.Ordinal);
        Assert.Equal((0, 0), (_webhook.Deliveries, _deliveries.Count));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {path}x HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {path}/x HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n")]
    public async Task Probe_of_another_path_returns_404(string request) =>
        Assert.StartsWith("HTTP/1.1 404 ", await SendAsync(request), StringComparison.Ordinal);

    [Theory]
    [InlineData("OPTIONS")]
    [InlineData("PUT")]
    [InlineData("get")]
    public async Task Probe_with_other_method_returns_405_with_allowed_methods(string method)
    {
        string response = await SendAsync($"{method} {{path}} HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 405 ", response, StringComparison.Ordinal);
        Assert.Contains("\r\nAllow: GET, HEAD, POST\r\n", response, StringComparison.Ordinal);
    }

    private async Task<string> SendAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _webhook.Port).WithTimeoutAsync();
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request.Replace("{path}", _webhook.Uri.AbsolutePath, StringComparison.Ordinal)));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().WithTimeoutAsync();
    }
}
