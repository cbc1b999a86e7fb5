using System.Net;
using FaceGen.Core.Tests.Support;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

public sealed class OnceContentTests
{
    [Fact]
    public async Task A_body_is_written_once()
    {
        using var content = new OnceContent("body"u8.ToArray());
        Assert.False(content.WasSent);
        Assert.Equal((4, "application/json"), (content.Headers.ContentLength, content.Headers.ContentType?.MediaType));

        await content.CopyToAsync(Stream.Null);
        Assert.True(content.WasSent);

        await Assert.ThrowsAsync<InvalidOperationException>(() => content.CopyToAsync(Stream.Null));
    }

    [Fact]
    public async Task A_kept_connection_that_breaks_after_the_request_was_read_is_uncertain_and_not_sent_again()
    {
        await using var server = new RawServer(RawServer.Reply.KeepAlive, RawServer.Reply.Close);
        using Connection connection = Connect(server);

        ApiResult first = await PostAsync(connection, "first");
        ApiResult second = await PostAsync(connection, "second");

        Assert.Equal("1", first.Answer?.Id);
        Assert.Null(second.StatusCode);
        Assert.True(second.WasSent);
        Assert.IsType<Outcome.Uncertain>(Classifier.OfSubmission(second));
        Assert.Single(server.Requests, body => body.Contains("second", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_connection_that_breaks_after_the_request_was_read_is_uncertain_too()
    {
        await using var server = new RawServer(RawServer.Reply.Close);
        using Connection connection = Connect(server);

        ApiResult result = await PostAsync(connection, "only");

        Assert.IsType<Outcome.Uncertain>(Classifier.OfSubmission(result));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task An_idle_connection_that_the_server_closed_is_replaced_before_anything_is_sent()
    {
        await using var server = new RawServer(RawServer.Reply.AnswerThenClose, RawServer.Reply.KeepAlive);
        using Connection connection = Connect(server);

        await PostAsync(connection, "first");
        await server.ClosedAsync();
        ApiResult second = await PostAsync(connection, "second");

        Assert.Equal((HttpStatusCode.OK, "1"), (second.StatusCode, second.Answer?.Id));
        Assert.Equal((2, 2), (server.Connections, server.Requests.Count));
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_known_to_have_got_nothing()
    {
        Uri nobody;
        await using (var server = new RawServer()) nobody = server.Root;
        using var connection = new Connection(ServiceAddress.Parse(nobody), new ApiKey("once-key"));

        ApiResult result = await PostAsync(connection, "lost");

        Assert.False(result.WasSent);
        Assert.IsType<Outcome.Retry>(Classifier.OfSubmission(result));
    }

    private static Connection Connect(RawServer server) => new(ServiceAddress.Parse(server.Root), new ApiKey("once-key"));

    private static Task<ApiResult> PostAsync(Connection connection, string prompt) => connection.Api
        .PostAsync(connection.Address.Generate, json => json.WriteString("prompt", prompt), default).GuardAsync();
}
