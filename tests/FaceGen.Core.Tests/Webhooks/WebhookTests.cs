using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Webhooks;

public sealed class WebhookTests : IDisposable
{
    private readonly Channel<(string Id, string? TrackId)> _deliveries = Channel.CreateUnbounded<(string Id, string? TrackId)>();
    private readonly TestClock _clock = new();
    private readonly HttpClient _http = new();
    private readonly Webhook _webhook;

    public WebhookTests() => _webhook = new Webhook(IPAddress.Loopback, 0, null, (id, track) => _deliveries.Writer.TryWrite((id, track)), _clock);

    public void Dispose()
    {
        _webhook.Dispose();
        _http.Dispose();
    }

    [Fact]
    public async Task Delivery_gets_a_response_and_is_reported()
    {
        using HttpResponseMessage response = await _http.PostAsJsonAsync(_webhook.Uri, new { status = "success", id = 17, track_id = 5 }).WithTimeoutAsync();

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(("17", "5"), await WaitForDeliveryAsync());
        Assert.Equal(1, _webhook.Deliveries);
    }

    [Fact]
    public async Task Delivery_chunked_is_read()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _webhook.Uri) { Content = JsonContent.Create(new { id = "a-b" }) };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.ExpectContinue = true;

        using HttpResponseMessage response = await _http.SendAsync(request).WithTimeoutAsync();

        Assert.Equal((HttpStatusCode.NoContent, ("a-b", (string?)null)), (response.StatusCode, await WaitForDeliveryAsync()));
    }

    [Fact]
    public async Task Delivery_with_request_id_instead_of_id_is_reported()
    {
        using HttpResponseMessage response = await _http.PostAsJsonAsync(_webhook.Uri, new { status = "success", id = "", request_id = 17 }).WithTimeoutAsync();

        Assert.Equal((HttpStatusCode.NoContent, ("17", (string?)null)), (response.StatusCode, await WaitForDeliveryAsync()));
    }

    [Fact]
    public async Task Delivery_with_path_prefix_or_query_is_accepted()
    {
        Uri address = new($"http://127.0.0.1:{_webhook.Port}/hooks{_webhook.Uri.AbsolutePath}?from=proxy");

        using HttpResponseMessage response = await _http.PostAsJsonAsync(address, new { id = 1 }).WithTimeoutAsync();

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Theory] // Q34
    [InlineData("POST", "/", """{"id":1}""", 404)]
    [InlineData("POST", "/guess", """{"id":1}""", 404)]
    [InlineData("PUT", null, """{"id":1}""", 405)]
    [InlineData("POST", null, "no json", 400)]
    [InlineData("POST", null, """{"status":"success"}""", 400)]
    [InlineData("POST", null, "", 400)]
    public async Task Request_not_a_delivery_is_rejected(string method, string? path, string body, int status)
    {
        Uri address = path is null ? _webhook.Uri : new Uri(_webhook.Uri, path);
        using var request = new HttpRequestMessage(new HttpMethod(method), address) { Content = new StringContent(body) };

        using HttpResponseMessage response = await _http.SendAsync(request).WithTimeoutAsync();

        Assert.Equal((status, 0), ((int)response.StatusCode, _deliveries.Reader.Count));
    }

    [Fact]
    public async Task Request_with_similar_path_is_rejected()
    {
        foreach (string path in new[] { $"{_webhook.Uri.AbsolutePath}A", _webhook.Uri.AbsolutePath[..^1] })
        {
            using HttpResponseMessage response = await _http.PostAsJsonAsync(new Uri(_webhook.Uri, path), new { id = 1 }).WithTimeoutAsync();

            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("POST {path} HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 413)]
    [InlineData("POST {path} HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400)]
    [InlineData("POST {path} HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("POST {path} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n", 413)]
    [InlineData("POST {path} HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400)]
    [InlineData("POST {path} HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501)]
    [InlineData("POST {path} HTTP/1.1\r\n\r\n", 411)]
    [InlineData("POST {path} HTTP/1.1\r\nno header\r\n\r\n", 400)]
    [InlineData("hello\r\n\r\n", 400)]
    [InlineData("POST {path} SMTP\r\n\r\n", 400)]
    public async Task Request_malformed_is_rejected(string text, int status) =>
        Assert.Equal($"HTTP/1.1 {status}", (await SendAsync(text.Replace("{path}", _webhook.Uri.AbsolutePath, StringComparison.Ordinal)))[..12]);

    [Fact]
    public async Task Request_endless_line_is_rejected() =>
        Assert.StartsWith("HTTP/1.1 431", await SendAsync($"POST /{new string('a', 9000)}"), StringComparison.Ordinal);

    [Theory]
    [InlineData("Name: value")]
    [InlineData("Name{0}: value")]
    public async Task Request_endless_headers_are_rejected(string header) =>
        Assert.StartsWith("HTTP/1.1 431", await SendAsync($"POST {_webhook.Uri.AbsolutePath} HTTP/1.1\r\n"
            + string.Concat(Enumerable.Range(0, 101).Select(i => header.Replace("{0}", $"{i}", StringComparison.Ordinal) + "\r\n"))), StringComparison.Ordinal);

    [Fact]
    public async Task Request_that_never_ends_times_out()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _webhook.Port).WithTimeoutAsync();
        Task<int> end = client.GetStream().ReadAsync(new byte[1]).AsTask();
        // The timeout starts when the connection is accepted.
        while (!end.IsCompleted) await _clock.AdvanceAsync(TimeSpan.FromSeconds(1)).WithTimeoutAsync();

        Assert.Equal(0, await end.WithTimeoutAsync());
        using HttpResponseMessage next = await _http.PostAsJsonAsync(_webhook.Uri, new { id = 1 }).WithTimeoutAsync();
        Assert.Equal(HttpStatusCode.NoContent, next.StatusCode);
    }

    [Fact]
    public async Task Connections_idle_do_not_block_deliveries()
    {
        var silent = new List<TcpClient>();
        try
        {
            for (int i = 0; i < 200; i++)
            {
                silent.Add(new TcpClient());
                await silent[^1].ConnectAsync(IPAddress.Loopback, _webhook.Port).WithTimeoutAsync();
            }

            // The clock is stopped, so no connection times out.
            using HttpResponseMessage response = await _http.PostAsJsonAsync(_webhook.Uri, new { id = 1 }).WithTimeoutAsync();

            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        }
        finally
        {
            silent.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public void Addresses_are_random()
    {
        using var other = new Webhook(IPAddress.Loopback, 0, new Uri("https://hooks.example/face/"), (_, _) => { }, _clock);

        Assert.StartsWith("https://hooks.example/face/", other.Uri.AbsoluteUri, StringComparison.Ordinal);
        Assert.NotEqual(other.Uri.Segments[^1], _webhook.Uri.Segments[^1]);
        Assert.Equal(43, other.Uri.Segments[^1].Length);
    }

    [Fact]
    public void Port_in_use_is_reported() =>
        Assert.Equal(ErrorCode.WebhookNotOpened, Assert.Throws<FaceGenException>(
            () => new Webhook(IPAddress.Loopback, _webhook.Port, null, (_, _) => { }, _clock)).Code);

    [Fact]
    public async Task Webhook_closed_accepts_nothing()
    {
        _webhook.Dispose();

        await Assert.ThrowsAsync<HttpRequestException>(() => _http.PostAsJsonAsync(_webhook.Uri, new { id = 1 }).WithTimeoutAsync());
        Assert.False(_webhook.IsOpen);
    }

    private async Task<string> SendAsync(string text)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _webhook.Port).WithTimeoutAsync();
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().WithTimeoutAsync();
    }

    /// <summary>Returns the next reported delivery, which is reported after its response.</summary>
    private Task<(string Id, string? TrackId)> WaitForDeliveryAsync() => _deliveries.Reader.ReadAsync().AsTask().WithTimeoutAsync();
}
