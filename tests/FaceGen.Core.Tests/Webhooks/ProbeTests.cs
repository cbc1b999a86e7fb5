using System.Net;
using System.Net.Sockets;
using System.Text;
using FaceGen.Core.Tests.Support;
using FaceGen.Webhooks;

namespace FaceGen.Core.Tests.Webhooks;

/// <summary>Health probes of what stands in front of the webhook: a proxy, a tunnel, a load balancer.</summary>
public sealed class ProbeTests : IDisposable
{
    private readonly List<string> _called = [];
    private readonly Webhook _webhook;

    public ProbeTests() => _webhook = new Webhook(IPAddress.Loopback, 0, null, (id, _) => _called.Add(id), new TestClock());

    public void Dispose() => _webhook.Dispose();

    [Theory]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {path} HTTP/1.0\r\n\r\n")]
    [InlineData("GET {path}?probe=1 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("HEAD /behind/a/proxy{path} HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET http://hooks.example{path} HTTP/1.1\r\nHost: a\r\n\r\n")]
    public async Task Probe_of_the_webhooks_path_is_answered_with_200_and_is_no_delivery(string request)
    {
        string answer = await SendAsync(request);

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.Equal((0, 0), (_webhook.Calls, _called.Count));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {path}x HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET {path}/x HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n")]
    public async Task Probe_of_another_path_is_answered_with_404(string request) =>
        Assert.StartsWith("HTTP/1.1 404 ", await SendAsync(request), StringComparison.Ordinal);

    [Theory]
    [InlineData("OPTIONS")]
    [InlineData("PUT")]
    [InlineData("get")]
    public async Task Another_method_is_refused_and_told_which_are_allowed(string method)
    {
        string answer = await SendAsync($"{method} {{path}} HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 405 ", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nAllow: GET, HEAD, POST\r\n", answer, StringComparison.Ordinal);
    }

    private async Task<string> SendAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _webhook.Port).GuardAsync();
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request.Replace("{path}", _webhook.Uri.AbsolutePath, StringComparison.Ordinal)));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().GuardAsync();
    }
}
