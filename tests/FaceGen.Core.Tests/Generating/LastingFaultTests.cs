using System.Net;
using System.Security.Authentication;
using FaceGen.Accounts;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Generating;

/// <summary>Tests that an error of every request ends the run after few requests, whatever its message.</summary>
public sealed class LastingFaultTests : IDisposable
{
    private static readonly ScriptedResponse Untrusted = new(_ => throw new HttpRequestException(
        "The SSL connection could not be established.", new AuthenticationException("The remote certificate is invalid: PartialChain.")), ReadsRequest: false);

    private static readonly ScriptedResponse ProxyRefuses = new(_ => throw new HttpRequestException(
        "The proxy tunnel request to proxy 'http://user:secret@proxy.example/' failed with status code '407'."), ReadsRequest: false);

    private readonly FakeService _service = new();

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Certificate_not_trusted_ends_the_run_at_once()
    {
        _service.OnSubmit(Untrusted);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());
        FaceGenException next = await TaskAssertions.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());

        Assert.Equal((ErrorCode.ServiceUnreachable, true), (fault.Code, fault.EndsRun));
        Assert.Contains("PartialChain", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent.", fault.Message, StringComparison.Ordinal);
        Assert.Same(fault, next);
        Assert.Single(_service.Submissions);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Certificate_not_trusted_ends_a_wait_and_keeps_the_generation()
    {
        _service.OnSubmit(ScriptedResponse.Processing("7")).OnFetch(Untrusted);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync()));

        Assert.Equal((ErrorCode.ServiceUnreachable, true), (fault.Code, fault.EndsRun));
        Assert.Equal(["7"], _service.Pending);
        Assert.Single(_service.Fetches);
    }

    [Fact]
    public async Task Certificate_not_trusted_is_reported_for_wallet()
    {
        _service.OnSubmit(Untrusted);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(new AccountClient(_service.Connection).GetBalanceAsync(default));

        Assert.Equal((ErrorCode.ServiceUnreachable, true), (fault.Code, fault.EndsRun));
    }

    [Fact]
    public async Task Proxy_that_keeps_asking_for_a_password_ends_the_run()
    {
        _service.OnSubmit(ProxyRefuses);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync()));

        Assert.Equal((ErrorCode.ServiceUnreachable, true), (fault.Code, fault.EndsRun));
        Assert.Contains("-ProxyCredential", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
        Assert.Equal(3, _service.Submissions.Count);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Proxy_that_asks_for_a_password_once_is_tried_again()
    {
        _service.OnSubmit(ProxyRefuses, ProxyRefuses, ScriptedResponse.NotConnected, ProxyRefuses, ScriptedResponse.Success());

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(GenerationStatus.Success, generation.StatusValue);
    }

    [Fact]
    public void Proxy_is_named_without_its_user() => Assert.StartsWith("https://service.example could not be reached: the proxy http://proxy.example:8080 requires", ConnectionFault.CreateProxyAuthentication(
        new Uri("https://service.example"), new Uri("http://user:secret@proxy.example:8080/")).Error.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Redirect_leaves_one_row_uncertain_and_ends_the_run(int status)
    {
        _service.OnSubmit(ScriptedResponse.Redirect("https://elsewhere.example/", status));

        FaceGenException first = await TaskAssertions.GetErrorAsync(_service.GenerateAsync(retryUncertain: true).WithTimeoutAsync());
        FaceGenException next = await TaskAssertions.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());

        Assert.Equal((ErrorCode.SubmissionUncertain, ErrorCode.ServiceMoved, true), (first.Code, next.Code, next.EndsRun));
        Assert.Single(_service.Submissions);
    }

    [Fact]
    public async Task Refusals_for_one_reason_end_the_run()
    {
        // The numbers and the repeated prompts differ; the reason does not.
        _service.OnSubmit([.. Enumerable.Range(1, 20).Select(number => ScriptedResponse.Error($"Request {number}: prompt {number} came to grief", 200))]);

        ErrorCode[] codes = await RefusedAsync(12);

        Assert.All(codes, code => Assert.Equal(ErrorCode.RequestRefused, code));
        Assert.Equal(RunFailures.MaxStreak, _service.Submissions.Count);
        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());
        Assert.True(fault.EndsRun);
        Assert.Contains("refused 10 consecutive requests", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_for_different_reasons_do_not_end_the_run()
    {
        _service.OnSubmit([.. Enumerable.Range(0, 30).Select(number => ScriptedResponse.Error(number % 2 == 0 ? "The prompt is not allowed." : "No face was found."))]);

        await RefusedAsync(30);

        Assert.Equal(30, _service.Submissions.Count);
    }

    [Fact]
    public async Task Refusals_with_success_between_do_not_end_the_run()
    {
        ScriptedResponse refusal = ScriptedResponse.Error("The prompt is not allowed.");
        _service.OnSubmit([.. Enumerable.Repeat(refusal, 9), ScriptedResponse.Success("1"), .. Enumerable.Repeat(refusal, 9), ScriptedResponse.Success("2")]);

        await RefusedAsync(9);
        await _service.GenerateAsync().WithTimeoutAsync();
        await RefusedAsync(9);
        await _service.GenerateAsync().WithTimeoutAsync();

        Assert.Equal(20, _service.Submissions.Count);
    }

    [Fact]
    public async Task Rows_that_share_a_refused_face_do_not_end_a_run_that_has_had_success()
    {
        ScriptedResponse refusal = ScriptedResponse.Error("The face image could not be downloaded");
        _service.OnSubmit([ScriptedResponse.Success("1"), .. Enumerable.Repeat(refusal, 30), ScriptedResponse.Success("2")]);
        await _service.GenerateAsync().WithTimeoutAsync();

        await RefusedAsync(30);

        Assert.Equal("2", (await _service.GenerateAsync().WithTimeoutAsync()).Id);
    }

    [Fact]
    public async Task Rows_that_share_a_refused_face_end_a_run_without_success()
    {
        _service.OnSubmit(ScriptedResponse.Error("The face image could not be downloaded"));

        await RefusedAsync(12);

        Assert.Equal(RunFailures.MaxStreak, _service.Submissions.Count);
    }

    [Fact]
    public void Different_faces_that_are_refused_end_the_run()
    {
        var failures = new RunFailures();
        failures.AddAccepted();

        for (int number = 1; number < RunFailures.MaxStreak; number++) failures.AddRefusal("No face was found.", "No face was found.", $"face {number}");
        Assert.Null(failures.FatalError);
        failures.AddRefusal("No face was found.", "No face was found.", "another face");

        Assert.Equal(ErrorCode.RequestRefused, failures.FatalError?.Code);
    }

    [Fact]
    public async Task Generations_failing_in_submission_response_end_the_run()
    {
        _service.OnSubmit([.. Enumerable.Range(1, 20).Select(number => ScriptedResponse.Json($$"""{"status":"failed","id":{{number}},"message":"Something broke"}"""))]);
        for (int row = 0; row < RunFailures.MaxStreak; row++) Assert.Equal(GenerationStatus.Failed, (await _service.GenerateAsync().WithTimeoutAsync()).StatusValue);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());

        Assert.Equal((true, RunFailures.MaxStreak), (fault.EndsRun, _service.Submissions.Count));
    }

    [Fact]
    public async Task Account_suspended_in_response_with_id_ends_the_run()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"error","id":7,"message":"Your account has been suspended"}"""));
        Assert.Equal(("7", GenerationStatus.Failed), (await _service.GenerateAsync().WithTimeoutAsync()) is var failed ? (failed.Id, failed.StatusValue) : default);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());

        Assert.Equal((ErrorCode.NotInPlan, 1), (fault.Code, _service.Submissions.Count));
    }

    [Fact]
    public async Task Responses_lost_consecutively_end_the_run()
    {
        using var many = new FakeService(queueLimit: 100);
        many.OnSubmit(ScriptedResponse.Html(502));
        for (int row = 0; row < RunFailures.MaxStreak; row++) await TaskAssertions.GetErrorAsync(many.GenerateAsync().WithTimeoutAsync());

        FaceGenException fault = await TaskAssertions.GetErrorAsync(many.GenerateAsync().WithTimeoutAsync());

        Assert.Equal((ErrorCode.ServiceUnreachable, true), (fault.Code, fault.EndsRun));
        Assert.Equal(RunFailures.MaxStreak, many.Submissions.Count);
        Assert.Equal(RunFailures.MaxStreak, many.Account.UnacknowledgedOutcomes.Count);
    }

    [Fact]
    public void Responses_lost_concurrently_count_once()
    {
        var failures = new RunFailures();
        int sequence = failures.Sequence;

        for (int submission = 0; submission < 100; submission++) failures.AddUncertain(sequence, "The connection broke.");

        Assert.Null(failures.FatalError);
    }

    [Fact]
    public async Task Untrusted_certificate_of_a_real_connection_is_recognized()
    {
        await using TcpStub stranger = TcpStub.WithUntrustedCertificate();
        using var connection = new Connection(ServiceAddress.Parse(new Uri($"https://{stranger.Authority}")), new ApiKey(FakeService.Key));

        ApiResult result = await connection.Api.PostAsync(connection.Address.Generate, null, default).WithTimeoutAsync();

        Assert.Equal((false, false), (result.IsSent, result.Fault?.IsTransient));
    }

    [Fact]
    public async Task Proxy_password_required_until_timeout_names_remedy()
    {
        _service.OnSubmit(ProxyRefuses);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync(timeout: TimeSpan.FromMilliseconds(1))));

        Assert.Equal(ErrorCode.ServiceUnreachable, fault.Code);
        Assert.Contains("-ProxyCredential", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.ToString(), StringComparison.Ordinal);
        Assert.Single(_service.Submissions);
    }

    [Fact]
    public async Task Proxy_that_refuses_a_real_tunnel_is_recognized()
    {
        await using TcpStub proxy = TcpStub.Responding("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n");
        using var connection = new Connection(ServiceAddress.Parse(new Uri("https://service.example")), new ApiKey(FakeService.Key), proxy: new WebProxy($"http://{proxy.Authority}"));

        ApiResult result = await connection.Api.PostAsync(connection.Address.Generate, null, default).WithTimeoutAsync();

        Assert.Equal((false, true), (result.IsSent, result.Fault?.IsTransient));
        Assert.Contains(proxy.Authority, result.Fault!.Error.Message, StringComparison.Ordinal);
    }

    private async Task<ErrorCode[]> RefusedAsync(int rows)
    {
        var codes = new ErrorCode[rows];
        for (int row = 0; row < rows; row++)
            codes[row] = (await TaskAssertions.GetErrorAsync(_service.GenerateAsync(request: FakeService.Request($"prompt {row + 1}")).WithTimeoutAsync())).Code;
        return codes;
    }
}
