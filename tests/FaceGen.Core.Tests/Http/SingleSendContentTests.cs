using System.Net;
using FaceGen.Core.Tests.Support;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

public sealed class SingleSendContentTests
{
    [Fact]
    public async Task Content_second_write_throws()
    {
        using var content = new SingleSendContent("body"u8.ToArray());
        Assert.False(content.IsSent);
        Assert.Equal((4, "application/json"), (content.Headers.ContentLength, content.Headers.ContentType?.MediaType));

        await content.CopyToAsync(Stream.Null);
        Assert.True(content.IsSent);

        await Assert.ThrowsAsync<InvalidOperationException>(() => content.CopyToAsync(Stream.Null));
    }

    [Fact]
    public async Task Post_kept_connection_broken_after_request_is_not_resent()
    {
        await using var server = new RawServer(RawServer.Reply.KeepAlive, RawServer.Reply.Close);
        using Connection connection = Connect(server);

        ApiResult first = await PostAsync(connection, "first");
        ApiResult second = await PostAsync(connection, "second");

        Assert.Equal("1", first.Response?.Id);
        Assert.Null(second.StatusCode);
        Assert.True(second.IsSent);
        Assert.IsType<Outcome.Uncertain>(OutcomeClassifier.ClassifySubmission(second));
        Assert.Single(server.Requests, body => body.Contains("second", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Post_new_connection_broken_after_request_is_not_resent()
    {
        await using var server = new RawServer(RawServer.Reply.Close);
        using Connection connection = Connect(server);

        ApiResult result = await PostAsync(connection, "only");

        Assert.IsType<Outcome.Uncertain>(OutcomeClassifier.ClassifySubmission(result));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Post_idle_connection_closed_by_server_is_replaced()
    {
        await using var server = new RawServer(RawServer.Reply.RespondThenClose, RawServer.Reply.KeepAlive);
        using Connection connection = Connect(server);

        await PostAsync(connection, "first");
        await server.WaitForCloseAsync();
        ApiResult second = await PostAsync(connection, "second");

        Assert.Equal((HttpStatusCode.OK, "1"), (second.StatusCode, second.Response?.Id));
        Assert.Equal((2, 2), (server.Connections, server.Requests.Count));
    }

    [Fact]
    public async Task Post_closed_port_is_not_sent()
    {
        Uri closedAddress;
        await using (var server = new RawServer()) closedAddress = server.Root;
        using var connection = new Connection(ServiceAddress.Parse(closedAddress), new ApiKey("once-key"));

        ApiResult result = await PostAsync(connection, "lost");

        Assert.False(result.IsSent);
        Assert.IsType<Outcome.Retry>(OutcomeClassifier.ClassifySubmission(result));
    }

    private static Connection Connect(RawServer server) => new(ServiceAddress.Parse(server.Root), new ApiKey("once-key"));

    private static Task<ApiResult> PostAsync(Connection connection, string prompt) => connection.Api
        .PostAsync(connection.Address.Generate, json => json.WriteString("prompt", prompt), default).WithTimeoutAsync();
}
