using System.Net;
using System.Net.Http.Json;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Http;

/// <summary>Pages of other sites in a browser on this machine must neither control nor read the emulator.</summary>
public sealed class LoopbackOnlyTests
{
    /// <summary>One request for each kind of path.</summary>
    public static readonly TheoryData<string, string> Addresses = new()
    {
        { "GET", "/admin/state" },
        { "GET", "/admin/journal" },
        { "GET", "/admin/accepted" },
        { "GET", "/admin/webhooks" },
        { "GET", "/admin/faults" },
        { "HEAD", "/admin/state" },
        { "POST", "/admin/clock" },
        { "POST", "/admin/faults" },
        { "POST", "/admin/reset" },
        { "DELETE", "/admin/faults" },
        { "GET", "//admin//state" },
        { "GET", "/health" },
        { "POST", TestService.FaceGen },
        { "POST", "/api/v6/image_editing/fetch/1" },
        { "POST", "/api/wallet_balance" },
        { "GET", "/images/1-0.png" },
        { "GET", "/nothing" },
    };

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Request_to_another_host_name_is_refused(string method, string path)
    {
        await using TestService service = await TestService.StartAsync();

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(service, method, path, host: $"rebound.example:{service.Host.BaseUri.Port}"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(service, method, path, host: "192.168.0.7"));
    }

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Request_of_another_origin_is_refused(string method, string path)
    {
        await using TestService service = await TestService.StartAsync();

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(service, method, path, origin: "https://site.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(service, method, path, origin: "null"));
        // A page served by another program on this machine is another origin too.
        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(service, method, path, origin: "http://127.0.0.1:1"));
    }

    [Fact]
    public async Task Refused_request_changes_nothing_and_says_so()
    {
        await using TestService service = await TestService.StartAsync();
        await service.SubmitAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(service.Host.BaseUri, "/admin/reset"));
        request.Headers.Add("Origin", "https://site.example");
        using var client = new HttpClient();

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(1, service.Host.Journal.Accepted);
        Assert.Contains("Nothing was changed.", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Refused_submission_is_not_accepted()
    {
        await using TestService service = await TestService.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(service.Host.BaseUri, TestService.FaceGen))
        {
            Content = JsonContent.Create(TestService.Request(("key", TestService.Key))),
        };
        request.Headers.Host = "rebound.example";
        using var client = new HttpClient();

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal((HttpStatusCode.Forbidden, 0), (response.StatusCode, service.Host.Journal.Accepted));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:{port}")]
    [InlineData("localhost:{port}")]
    [InlineData("LOCALHOST:{port}")]
    [InlineData("[::1]:{port}")]
    public async Task Request_to_a_loopback_name_gets_a_response(string host)
    {
        await using TestService service = await TestService.StartAsync();
        host = host.Replace("{port}", $"{service.Host.BaseUri.Port}", StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.OK, await SendAsync(service, "GET", "/admin/state", host));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(service, "GET", "/admin/state", host, origin: $"http://{host}"));
    }

    [Theory]
    [InlineData("localhost.rebound.example")]
    [InlineData("127.0.0.1.rebound.example")]
    [InlineData("rebound.example#127.0.0.1")]
    [InlineData("localhost@rebound.example")]
    [InlineData("127.0.0.1, rebound.example")]
    public async Task Name_that_only_looks_like_loopback_is_refused(string host)
    {
        await using TestService service = await TestService.StartAsync();

        Assert.InRange(await StatusAsync(service, $"GET /admin/state HTTP/1.1\r\nHost: {host}\r\n"), 400, 403);
    }

    [Theory]
    [InlineData("GET /admin/state HTTP/1.0\r\n")]
    [InlineData("GET /admin/state HTTP/1.1\r\n")]
    [InlineData("GET /admin/state HTTP/1.1\r\nHost:\r\n")]
    [InlineData("GET http://rebound.example/admin/state HTTP/1.1\r\nHost: 127.0.0.1\r\n")]
    [InlineData("GET /admin/state HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nOrigin: https://site.example\r\n")]
    public async Task Request_without_a_single_host_is_refused(string head)
    {
        await using TestService service = await TestService.StartAsync();

        Assert.InRange(await StatusAsync(service, head), 400, 403);
    }

    private static async Task<HttpStatusCode> SendAsync(TestService service, string method, string path, string? host = null, string? origin = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri($"{service.Host.BaseUri.AbsoluteUri.TrimEnd('/')}{path}"));
        request.Headers.Host = host;
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        using var client = new HttpClient();
        using HttpResponseMessage response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private static async Task<int> StatusAsync(TestService service, string head)
    {
        using RawConnection connection = await RawConnection.OpenAsync(service.Host.BaseUri);
        await connection.SendAsync(head);
        return (await connection.ReadAsync()).Status;
    }
}
