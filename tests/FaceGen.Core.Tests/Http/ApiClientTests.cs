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
    public async Task The_key_is_in_the_body_and_nowhere_else()
    {
        _service.OnSubmit(Answer.Success());

        ApiResult result = await PostAsync(json => json.WriteString("prompt", "x"));

        Call call = Assert.Single(_service.Calls);
        using var body = JsonDocument.Parse(call.Body);
        Assert.Equal(FakeService.Key, body.RootElement.GetProperty("key").GetString());
        Assert.Equal("x", body.RootElement.GetProperty("prompt").GetString());
        Assert.DoesNotContain(FakeService.Key, Uri.UnescapeDataString(call.Address.AbsoluteUri), StringComparison.Ordinal);
        Assert.DoesNotContain(FakeService.Key, call.Headers, StringComparison.Ordinal);
        Assert.Contains("FaceGen/", call.Headers, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "1", true), (result.StatusCode, result.Answer?.Id, result.WasSent));
    }

    [Theory]
    [InlineData("https://evil.example/api/v6/image_editing/face_gen")]
    [InlineData("http://{0}/api/v6/image_editing/face_gen")]
    [InlineData("https://{0}:8443/api/v6/image_editing/face_gen")]
    public async Task The_key_goes_to_no_other_address(string address)
    {
        var elsewhere = new Uri(string.Format(null, address, _service.Root.Host));

        await Assert.ThrowsAsync<InvalidOperationException>(() => _service.Connection.Api.PostAsync(elsewhere, null, default));

        Assert.Empty(_service.Calls);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        _service.OnSubmit(Answer.Redirect("https://evil.example/", 307));

        ApiResult result = await PostAsync();

        Assert.Equal(HttpStatusCode.TemporaryRedirect, result.StatusCode);
        Assert.Single(_service.Calls);
    }

    [Fact]
    public async Task Silence_ends_as_a_result_when_the_time_is_over()
    {
        _service.OnSubmit(Answer.Silence);

        Task<ApiResult> call = PostAsync();
        await _service.ArrivalAsync();
        await _service.Clock.PassAsync(TimeSpan.FromSeconds(Connection.DefaultTimeoutSec - 1));
        Assert.False(call.IsCompleted);
        await _service.Clock.PassAsync(TimeSpan.FromSeconds(1));

        ApiResult result = await call.GuardAsync();
        Assert.Equal((null, "no answer within 120 seconds", true), (result.StatusCode, result.Failure, result.WasSent));
        Assert.IsType<Outcome.Uncertain>(Classifier.OfSubmission(result));
    }

    [Fact]
    public async Task A_stop_throws()
    {
        _service.OnSubmit(Answer.Silence);
        using var stop = new CancellationTokenSource();

        Task<ApiResult> call = PostAsync(cancel: stop.Token);
        await _service.ArrivalAsync();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.GuardAsync());
    }

    [Fact]
    public async Task No_connection_is_known_to_have_sent_nothing()
    {
        _service.OnSubmit(Answer.NotConnected);

        ApiResult result = await PostAsync();

        Assert.Equal((null, "No connection could be made.", false), (result.StatusCode, result.Failure, result.WasSent));
        Assert.IsType<Outcome.Retry>(Classifier.OfSubmission(result));
    }

    [Fact]
    public async Task A_connection_that_broke_after_sending_is_uncertain()
    {
        _service.OnSubmit(Answer.Lost);

        ApiResult result = await PostAsync();

        Assert.Equal((null, "The connection broke.", true), (result.StatusCode, result.Failure, result.WasSent));
        Assert.IsType<Outcome.Uncertain>(Classifier.OfSubmission(result));
    }

    [Theory]
    [InlineData(ApiClient.MaxAnswerBytes + 1L)]
    [InlineData(long.MaxValue)]
    public async Task An_answer_announced_too_long_is_not_taken_in(long announced)
    {
        _service.OnSubmit(Answer.Stream("{}"u8.ToArray(), announced));

        ApiResult result = await PostAsync();

        Assert.Equal((HttpStatusCode.OK, "The body is longer than 16 MB."), (result.StatusCode, result.Failure));
        Assert.IsType<Outcome.Uncertain>(Classifier.OfSubmission(result));
    }

    [Fact]
    public async Task An_answer_that_grows_too_long_is_not_taken_in()
    {
        _service.OnSubmit(Answer.Stream(new byte[ApiClient.MaxAnswerBytes + 1]));

        Assert.Equal("The body is longer than 16 MB.", (await PostAsync()).Failure);
    }

    [Fact]
    public async Task An_answer_shorter_than_announced_is_none()
    {
        byte[] body = """{"status":"success","id":1}"""u8.ToArray();
        _service.OnSubmit(Answer.Stream(body, body.Length + 1));

        ApiResult result = await PostAsync();

        Assert.Null(result.Answer);
        Assert.Equal($"The body ended after {body.Length} of {body.Length + 1} bytes.", result.Failure);
    }

    [Fact]
    public async Task The_key_that_a_service_echoes_is_not_in_the_result()
    {
        _service.OnSubmit(Answer.Error($"Invalid API key {FakeService.Key}!", 401));

        ApiResult result = await PostAsync();

        Assert.Equal("HTTP 401: Invalid API key ***!", result.Describe());
    }

    [Fact]
    public async Task The_key_that_an_error_of_the_network_echoes_is_not_in_the_result()
    {
        _service.OnSubmit(new Answer(_ => throw new HttpRequestException($"Bad body: {Convert.ToBase64String(Encoding.UTF8.GetBytes(FakeService.Key))}\u001b[2J")));

        Assert.Equal("Bad body: ***[2J", (await PostAsync()).Failure);
    }

    [Fact]
    public async Task Retry_after_is_read_as_seconds_and_as_a_date()
    {
        _service.OnSubmit(
            Answer.Empty(429).WithRetryAfter(TimeSpan.FromSeconds(7)),
            Answer.Empty(429).WithRetryAfter(_service.Clock.GetUtcNow().AddSeconds(9)),
            Answer.Empty(429).WithRetryAfter(_service.Clock.GetUtcNow().AddSeconds(-9)),
            Answer.Empty(429));

        Assert.Equal(7, (await PostAsync()).RetryAfter?.TotalSeconds);
        Assert.Equal(9, (await PostAsync()).RetryAfter?.TotalSeconds);
        Assert.Null((await PostAsync()).RetryAfter);
        Assert.Null((await PostAsync()).RetryAfter);
    }

    [Fact]
    public async Task A_call_that_is_out_gets_its_answer_also_after_its_connection_was_ended()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(answer.Task));

        Task<ApiResult> call = PostAsync();
        await _service.ArrivalAsync();
        _service.Connection.Dispose();
        _service.Connection.Dispose();
        answer.SetResult(Answer.Processing("9"));

        Assert.Equal("9", (await call.GuardAsync()).Answer?.Id);
    }

    [Fact]
    public void A_connection_shows_no_key()
    {
        Connection connection = _service.Connection;

        Assert.Equal(_service.Root, connection.BaseUri);
        Assert.DoesNotContain(FakeService.Key, $"{connection} {connection.Key} {connection.Address} {connection.Services}", StringComparison.Ordinal);
        Assert.DoesNotContain(typeof(Connection).GetProperties(), property => property.Name.Contains("Key", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(200, """{"status":"success","data":{"balance":1.5}}""", null)]
    [InlineData(200, """{"status":"error","message":"Invalid key"}""", "does not accept the key: Invalid key")]
    [InlineData(401, "", "does not accept the key: HTTP 401: the body is no JSON")]
    [InlineData(502, "<html>", "does not answer as the service does: HTTP 502: the body is no JSON")]
    public async Task A_connection_is_tested_without_generating(int status, string body, string? fault)
    {
        _service.OnSubmit(Answer.Json(body, status));

        string? found = await ConnectionTest.FaultAsync(_service.Connection, default);

        Assert.Equal(fault is null ? null : $"{_service.Root} {fault}", found);
        Assert.EndsWith("/api/wallet_balance", Assert.Single(_service.Calls).Address.AbsolutePath, StringComparison.Ordinal);
    }

    private Task<ApiResult> PostAsync(Action<Utf8JsonWriter>? write = null, CancellationToken cancel = default) =>
        _service.Connection.Api.PostAsync(Generate, write, cancel);
}
