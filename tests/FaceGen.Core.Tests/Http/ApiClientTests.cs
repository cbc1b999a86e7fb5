using System.Net;
using System.Text;
using System.Text.Json;
using FaceGen.Core.Tests.Support;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

public sealed class ApiClientTests : IDisposable
{
    private readonly FakeService _service = new();

    private Uri Generate => _service.Connection.Address.Generate;

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Post_key_is_in_body_only()
    {
        _service.OnSubmit(ScriptedResponse.Success());

        ApiResult result = await PostAsync(json => json.WriteString("prompt", "x"));

        Call call = Assert.Single(_service.Calls);
        using var body = JsonDocument.Parse(call.Body);
        Assert.Equal(FakeService.Key, body.RootElement.GetProperty("key").GetString());
        Assert.Equal("x", body.RootElement.GetProperty("prompt").GetString());
        Assert.DoesNotContain(FakeService.Key, Uri.UnescapeDataString(call.Address.AbsoluteUri), StringComparison.Ordinal);
        Assert.DoesNotContain(FakeService.Key, call.Headers, StringComparison.Ordinal);
        Assert.Contains("FaceGen/", call.Headers, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "1", true), (result.StatusCode, result.Response?.Id, result.IsSent));
    }

    [Theory]
    [InlineData("https://evil.example/api/v6/image_editing/face_gen")]
    [InlineData("http://{0}/api/v6/image_editing/face_gen")]
    [InlineData("https://{0}:8443/api/v6/image_editing/face_gen")]
    public async Task Post_other_address_is_rejected(string address)
    {
        var elsewhere = new Uri(string.Format(null, address, _service.Root.Host));

        await Assert.ThrowsAsync<InvalidOperationException>(() => _service.Connection.Api.PostAsync(elsewhere, null, default));

        Assert.Empty(_service.Calls);
    }

    [Fact]
    public async Task Post_redirect_is_not_followed()
    {
        _service.OnSubmit(ScriptedResponse.Redirect("https://evil.example/", 307));

        ApiResult result = await PostAsync();

        Assert.Equal(HttpStatusCode.TemporaryRedirect, result.StatusCode);
        Assert.Single(_service.Calls);
    }

    [Fact]
    public async Task Post_no_response_returns_result_after_timeout()
    {
        _service.OnSubmit(ScriptedResponse.NoResponse);

        Task<ApiResult> call = PostAsync();
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(Connection.DefaultTimeoutSec - 1));
        Assert.False(call.IsCompleted);
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(1));

        ApiResult result = await call.WithTimeoutAsync();
        Assert.Equal((null, "no response within 120 seconds", true), (result.StatusCode, result.Failure, result.IsSent));
        Assert.IsType<Outcome.Uncertain>(OutcomeClassifier.ClassifySubmission(result));
    }

    [Fact]
    public async Task Post_canceled_throws()
    {
        _service.OnSubmit(ScriptedResponse.NoResponse);
        using var cancellation = new CancellationTokenSource();

        Task<ApiResult> call = PostAsync(cancel: cancellation.Token);
        await _service.WaitForCallAsync();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WithTimeoutAsync());
    }

    [Fact]
    public async Task Post_refused_connection_is_not_sent()
    {
        _service.OnSubmit(ScriptedResponse.NotConnected);

        ApiResult result = await PostAsync();

        Assert.Equal((null, "No connection could be made.", false), (result.StatusCode, result.Failure, result.IsSent));
        Assert.IsType<Outcome.Retry>(OutcomeClassifier.ClassifySubmission(result));
    }

    [Fact]
    public async Task Post_connection_broken_after_sending_is_sent()
    {
        _service.OnSubmit(ScriptedResponse.ConnectionLost);

        ApiResult result = await PostAsync();

        Assert.Equal((null, "The connection broke.", true), (result.StatusCode, result.Failure, result.IsSent));
        Assert.IsType<Outcome.Uncertain>(OutcomeClassifier.ClassifySubmission(result));
    }

    [Theory]
    [InlineData(ApiClient.MaxResponseBytes + 1L)]
    [InlineData(long.MaxValue)]
    public async Task Response_announced_too_long_is_not_read(long announced)
    {
        _service.OnSubmit(ScriptedResponse.Stream("{}"u8.ToArray(), announced));

        ApiResult result = await PostAsync();

        Assert.Equal((HttpStatusCode.OK, "The body is longer than 16 MB."), (result.StatusCode, result.Failure));
        Assert.IsType<Outcome.Uncertain>(OutcomeClassifier.ClassifySubmission(result));
    }

    [Fact]
    public async Task Response_growing_too_long_is_not_read()
    {
        _service.OnSubmit(ScriptedResponse.Stream(new byte[ApiClient.MaxResponseBytes + 1]));

        Assert.Equal("The body is longer than 16 MB.", (await PostAsync()).Failure);
    }

    [Fact]
    public async Task Response_shorter_than_announced_is_null()
    {
        byte[] body = """{"status":"success","id":1}"""u8.ToArray();
        _service.OnSubmit(ScriptedResponse.Stream(body, body.Length + 1));

        ApiResult result = await PostAsync();

        Assert.Null(result.Response);
        Assert.Equal($"The body ended after {body.Length} of {body.Length + 1} bytes.", result.Failure);
    }

    [Fact]
    public async Task Response_echoed_key_is_redacted()
    {
        _service.OnSubmit(ScriptedResponse.Error($"Invalid API key {FakeService.Key}!", 401));

        ApiResult result = await PostAsync();

        Assert.Equal("HTTP 401: Invalid API key ***!", result.Describe());
    }

    [Fact]
    public async Task Failure_echoed_key_is_redacted()
    {
        _service.OnSubmit(new ScriptedResponse(_ => throw new HttpRequestException($"Bad body: {Convert.ToBase64String(Encoding.UTF8.GetBytes(FakeService.Key))}\u001b[2J")));

        Assert.Equal("Bad body: ***[2J", (await PostAsync()).Failure);
    }

    [Fact]
    public async Task RetryAfter_seconds_and_date_are_parsed()
    {
        _service.OnSubmit(
            ScriptedResponse.Empty(429).WithRetryAfter(TimeSpan.FromSeconds(7)),
            ScriptedResponse.Empty(429).WithRetryAfter(_service.Clock.GetUtcNow().AddSeconds(9)),
            ScriptedResponse.Empty(429).WithRetryAfter(_service.Clock.GetUtcNow().AddSeconds(-9)),
            ScriptedResponse.Empty(429));

        Assert.Equal(7, (await PostAsync()).RetryAfter?.TotalSeconds);
        Assert.Equal(9, (await PostAsync()).RetryAfter?.TotalSeconds);
        Assert.Null((await PostAsync()).RetryAfter);
        Assert.Null((await PostAsync()).RetryAfter);
    }

    [Fact]
    public async Task Post_in_flight_gets_response_after_connection_disposed()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(response.Task));

        Task<ApiResult> call = PostAsync();
        await _service.WaitForCallAsync();
        _service.Connection.Dispose();
        _service.Connection.Dispose();
        response.SetResult(ScriptedResponse.Processing("9"));

        Assert.Equal("9", (await call.WithTimeoutAsync()).Response?.Id);
    }

    [Fact]
    public void Connection_formatted_has_no_key()
    {
        Connection connection = _service.Connection;

        Assert.Equal(_service.Root, connection.BaseUri);
        Assert.DoesNotContain(FakeService.Key, $"{connection} {connection.Key} {connection.Address} {connection.Services}", StringComparison.Ordinal);
        Assert.DoesNotContain(typeof(Connection).GetProperties(), property => property.Name.Contains("Key", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(200, """{"status":"success","data":{"balance":1.5}}""", null)]
    [InlineData(200, """{"data":{"balance":0}}""", null)]
    [InlineData(200, """{"status":"error","message":"Invalid key"}""", "The service rejected the key: Invalid key. Copy the key ")]
    [InlineData(401, """{"status":"error","message":"no"}""", "The service rejected the key: HTTP 401: no. Copy the key ")]
    [InlineData(401, "", "{0} does not respond like the service: HTTP 401: the body is not JSON. ")]
    [InlineData(401, "<html>", "{0} does not respond like the service: HTTP 401: the body is not JSON. ")]
    [InlineData(402, "<html>", "{0} does not respond like the service: HTTP 402: the body is not JSON. ")]
    [InlineData(402, "{}", "The account is out of credits: HTTP 402")]
    [InlineData(200, """{"status":"error","message":"Your monthly limit exceeded, upgrade subscription"}""", "The account has used up its plan's allowance: ")]
    [InlineData(403, """{"status":"error","message":"requires a premium subscription"}""", "The account or its plan does not allow this request: ")]
    [InlineData(429, "", "{0} responds, but is busy or limits the requests of the account: HTTP 429")]
    [InlineData(200, """{"status":"error","message":"Rate limit exceeded"}""", "{0} responds, but is busy or limits the requests of the account: Rate limit exceeded. ")]
    [InlineData(502, "<html>", "{0} has an error of its own: HTTP 502")]
    [InlineData(500, """{"status":"error","message":"Invalid key store"}""", "{0} has an error of its own: HTTP 500: Invalid key store. ")]
    [InlineData(302, "", "The service responded with a redirect (HTTP 302). ")]
    [InlineData(404, "<html>", "{0} does not respond like the service: HTTP 404")]
    [InlineData(404, """{"status":"error","message":"No such route"}""", "{0} does not respond like the service: HTTP 404")]
    [InlineData(200, "<html>", "{0} does not respond like the service: the body is not JSON. ")]
    [InlineData(200, """{"hello":"world"}""", "{0} does not respond like the service: ")]
    [InlineData(200, """{"status":"error","message":"Something is wrong"}""", "{0} refused the request for the balance: Something is wrong. ")]
    public async Task ConnectionTest_classifies_the_response_and_does_not_generate(int status, string body, string? fault)
    {
        _service.OnSubmit(ScriptedResponse.Json(body, status));

        string? found = await _service.Connection.FindFaultAsync(default);

        if (fault is null) Assert.Null(found);
        else Assert.StartsWith(fault.Replace("{0}", _service.Root.ToString(), StringComparison.Ordinal), found, StringComparison.Ordinal);
        Assert.EndsWith("/api/wallet_balance", Assert.Single(_service.Calls).Address.AbsolutePath, StringComparison.Ordinal);
    }

    private Task<ApiResult> PostAsync(Action<Utf8JsonWriter>? write = null, CancellationToken cancel = default) =>
        _service.Connection.Api.PostAsync(Generate, write, cancel);
}
