using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Webhooks;

namespace FaceGen.Core.Tests.Webhooks;

public sealed class WebhookTests : IDisposable
{
    private readonly Channel<(string Id, long? TrackId)> _called = Channel.CreateUnbounded<(string Id, long? TrackId)>();
    private readonly TestClock _clock = new();
    private readonly HttpClient _http = new();
    private readonly Webhook _webhook;

    public WebhookTests() => _webhook = new Webhook(IPAddress.Loopback, 0, null, (id, track) => _called.Writer.TryWrite((id, track)), _clock);

    public void Dispose()
    {
        _webhook.Dispose();
        _http.Dispose();
    }

    [Fact]
    public async Task A_call_is_answered_at_once_and_told()
    {
        using HttpResponseMessage answer = await _http.PostAsJsonAsync(_webhook.Uri, new { status = "success", id = 17, track_id = 5 }).GuardAsync();

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(("17", 5L), await ToldAsync());
        Assert.Equal(1, _webhook.Calls);
    }

    [Fact]
    public async Task A_call_in_chunks_is_read_as_well()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _webhook.Uri) { Content = JsonContent.Create(new { id = "a-b" }) };
        request.Headers.TransferEncodingChunked = true;
        request.Headers.ExpectContinue = true;

        using HttpResponseMessage answer = await _http.SendAsync(request).GuardAsync();

        Assert.Equal((HttpStatusCode.NoContent, ("a-b", (long?)null)), (answer.StatusCode, await ToldAsync()));
    }

    [Fact]
    public async Task A_proxy_may_put_something_before_the_path_or_after_it()
    {
        Uri address = new($"http://127.0.0.1:{_webhook.Port}/hooks{_webhook.Uri.AbsolutePath}?from=proxy");

        using HttpResponseMessage answer = await _http.PostAsJsonAsync(address, new { id = 1 }).GuardAsync();

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Theory] // Q34
    [InlineData("POST", "/", """{"id":1}""", 404)]
    [InlineData("POST", "/guess", """{"id":1}""", 404)]
    [InlineData("PUT", null, """{"id":1}""", 405)]
    [InlineData("POST", null, "no json", 400)]
    [InlineData("POST", null, """{"status":"success"}""", 400)]
    [InlineData("POST", null, "", 400)]
    public async Task What_is_no_call_of_the_service_is_refused(string method, string? path, string body, int status)
    {
        Uri address = path is null ? _webhook.Uri : new Uri(_webhook.Uri, path);
        using var request = new HttpRequestMessage(new HttpMethod(method), address) { Content = new StringContent(body) };

        using HttpResponseMessage answer = await _http.SendAsync(request).GuardAsync();

        Assert.Equal((status, 0), ((int)answer.StatusCode, _called.Reader.Count));
    }

    [Fact]
    public async Task One_character_more_or_less_is_another_path()
    {
        foreach (string path in new[] { $"{_webhook.Uri.AbsolutePath}A", _webhook.Uri.AbsolutePath[..^1] })
        {
            using HttpResponseMessage answer = await _http.PostAsJsonAsync(new Uri(_webhook.Uri, path), new { id = 1 }).GuardAsync();

            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
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
    public async Task What_is_no_proper_request_is_refused(string text, int status) =>
        Assert.Equal($"HTTP/1.1 {status}", (await SendAsync(text.Replace("{path}", _webhook.Uri.AbsolutePath, StringComparison.Ordinal)))[..12]);

    [Fact]
    public async Task Lines_without_end_are_cut_off() =>
        Assert.StartsWith("HTTP/1.1 431", await SendAsync($"POST /{new string('a', 9000)}"), StringComparison.Ordinal);

    [Theory]
    [InlineData("Name: value")]
    [InlineData("Name{0}: value")]
    public async Task Headers_without_end_are_cut_off(string header) =>
        Assert.StartsWith("HTTP/1.1 431", await SendAsync($"POST {_webhook.Uri.AbsolutePath} HTTP/1.1\r\n"
            + string.Concat(Enumerable.Range(0, 101).Select(i => header.Replace("{0}", $"{i}", StringComparison.Ordinal) + "\r\n"))), StringComparison.Ordinal);

    [Fact]
    public async Task A_call_that_never_ends_is_cut_off_in_time()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _webhook.Port).GuardAsync();
        Task<int> end = client.GetStream().ReadAsync(new byte[1]).AsTask();
        // The call's time begins when it is accepted.
        while (!end.IsCompleted) await _clock.PassAsync(TimeSpan.FromSeconds(1)).GuardAsync();

        Assert.Equal(0, await end.GuardAsync());
        using HttpResponseMessage next = await _http.PostAsJsonAsync(_webhook.Uri, new { id = 1 }).GuardAsync();
        Assert.Equal(HttpStatusCode.NoContent, next.StatusCode);
    }

    [Fact]
    public async Task Connections_that_say_nothing_keep_no_call_out()
    {
        var silent = new List<TcpClient>();
        try
        {
            for (int i = 0; i < 200; i++)
            {
                silent.Add(new TcpClient());
                await silent[^1].ConnectAsync(IPAddress.Loopback, _webhook.Port).GuardAsync();
            }

            // The clock stands still: none of them is cut off for its time.
            using HttpResponseMessage answer = await _http.PostAsJsonAsync(_webhook.Uri, new { id = 1 }).GuardAsync();

            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        }
        finally
        {
            silent.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public void Addresses_cannot_be_guessed_and_differ()
    {
        using var other = new Webhook(IPAddress.Loopback, 0, new Uri("https://hooks.example/face/"), (_, _) => { }, _clock);

        Assert.StartsWith("https://hooks.example/face/", other.Uri.AbsoluteUri, StringComparison.Ordinal);
        Assert.NotEqual(other.Uri.Segments[^1], _webhook.Uri.Segments[^1]);
        Assert.Equal(43, other.Uri.Segments[^1].Length);
    }

    [Fact]
    public void A_port_that_is_taken_is_told() =>
        Assert.Equal(ErrorCode.WebhookNotOpened, Assert.Throws<FaceGenException>(
            () => new Webhook(IPAddress.Loopback, _webhook.Port, null, (_, _) => { }, _clock)).Code);

    [Fact]
    public async Task A_closed_one_takes_nothing()
    {
        _webhook.Dispose();

        await Assert.ThrowsAsync<HttpRequestException>(() => _http.PostAsJsonAsync(_webhook.Uri, new { id = 1 }).GuardAsync());
        Assert.False(_webhook.IsOpen);
    }

    private async Task<string> SendAsync(string text)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _webhook.Port).GuardAsync();
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().GuardAsync();
    }

    /// <summary>The next call that was told, which is after it was answered.</summary>
    private Task<(string Id, long? TrackId)> ToldAsync() => _called.Reader.ReadAsync().AsTask().GuardAsync();
}
