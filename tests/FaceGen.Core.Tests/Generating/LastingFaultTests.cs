using System.Net;
using System.Security.Authentication;
using FaceGen.Accounts;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Generating;

/// <summary>What every request would meet is met by few of them, whatever words it comes in.</summary>
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

        FaceGenException fault = await Signals.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());
        FaceGenException next = await Signals.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());

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

        FaceGenException fault = await Signals.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync()));

        Assert.Equal((ErrorCode.ServiceUnreachable, true), (fault.Code, fault.EndsRun));
        Assert.Equal(["7"], _service.Pending);
        Assert.Single(_service.Fetches);
    }

    [Fact]
    public async Task Certificate_not_trusted_is_told_of_the_wallet()
    {
        _service.OnSubmit(Untrusted);

        FaceGenException fault = await Signals.GetErrorAsync(new AccountClient(_service.Connection).GetBalanceAsync(default));

        Assert.Equal((ErrorCode.ServiceUnreachable, true), (fault.Code, fault.EndsRun));
    }

    [Fact]
    public async Task Proxy_that_keeps_asking_for_a_password_ends_the_run()
    {
        _service.OnSubmit(ProxyRefuses);

        FaceGenException fault = await Signals.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync()));

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

        Assert.Equal(GenerationStatus.Success, generation.Status);
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

        FaceGenException first = await Signals.GetErrorAsync(_service.GenerateAsync(retryUncertain: true).WithTimeoutAsync());
        FaceGenException next = await Signals.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());

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
        Assert.Equal(FailureStreak.MaxLength, _service.Submissions.Count);
        FaceGenException fault = await Signals.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());
        Assert.True(fault.EndsRun);
        Assert.Contains("refused 10 requests one after the other", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_for_different_reasons_do_not_end_the_run()
    {
        _service.OnSubmit([.. Enumerable.Range(0, 30).Select(number => ScriptedResponse.Error(number % 2 == 0 ? "The prompt is not allowed." : "No face was found."))]);

        await RefusedAsync(30);

        Assert.Equal(30, _service.Submissions.Count);
    }

    [Fact]
    public async Task One_success_between_refusals_keeps_the_run_going()
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

        Assert.Equal(FailureStreak.MaxLength, _service.Submissions.Count);
    }

    [Fact]
    public void Different_faces_that_are_refused_end_the_run()
    {
        var streak = new FailureStreak();
        streak.Reset();

        FaceGenException?[] faults = [.. Enumerable.Range(1, FailureStreak.MaxLength).Select(number => streak.AddRefusal("No face was found.", "No face was found.", $"face {number}"))];

        Assert.Equal(FailureStreak.MaxLength - 1, Array.FindIndex(faults, fault => fault is not null));
    }

    [Fact]
    public async Task Generations_that_fail_in_their_own_answer_for_one_reason_end_the_run()
    {
        _service.OnSubmit([.. Enumerable.Range(1, 20).Select(number => ScriptedResponse.Json($$"""{"status":"failed","id":{{number}},"message":"Something broke"}"""))]);
        for (int row = 0; row < FailureStreak.MaxLength; row++) Assert.Equal(GenerationStatus.Failed, (await _service.GenerateAsync().WithTimeoutAsync()).Status);

        FaceGenException fault = await Signals.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());

        Assert.Equal((true, FailureStreak.MaxLength), (fault.EndsRun, _service.Submissions.Count));
    }

    [Fact]
    public async Task Account_that_is_suspended_ends_the_run_also_where_the_answer_has_an_id()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"error","id":7,"message":"Your account has been suspended"}"""));
        Assert.Equal(("7", GenerationStatus.Failed), (await _service.GenerateAsync().WithTimeoutAsync()) is var failed ? (failed.Id, failed.Status) : default);

        FaceGenException fault = await Signals.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());

        Assert.Equal((ErrorCode.NotInPlan, 1), (fault.Code, _service.Submissions.Count));
    }

    [Fact]
    public async Task Answers_lost_one_after_the_other_end_the_run()
    {
        using var many = new FakeService(queueLimit: 100);
        many.OnSubmit(ScriptedResponse.Html(502));
        for (int row = 0; row < FailureStreak.MaxLength; row++) await Signals.GetErrorAsync(many.GenerateAsync().WithTimeoutAsync());

        FaceGenException fault = await Signals.GetErrorAsync(many.GenerateAsync().WithTimeoutAsync());

        Assert.Equal((ErrorCode.ServiceUnreachable, true), (fault.Code, fault.EndsRun));
        Assert.Equal(FailureStreak.MaxLength, many.Submissions.Count);
        Assert.Equal(FailureStreak.MaxLength, many.Account.UnacknowledgedOutcomes.Count);
    }

    [Fact]
    public void Answers_lost_at_one_time_count_once()
    {
        var streak = new FailureStreak();
        int sentAt = streak.Sequence;

        Assert.All(Enumerable.Range(0, 100), _ => Assert.Null(streak.AddUncertain(sentAt, "The connection broke.")));
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
    public async Task Proxy_that_asks_for_a_password_until_the_timeout_is_named_with_the_cure()
    {
        _service.OnSubmit(ProxyRefuses);

        FaceGenException fault = await Signals.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync(timeout: TimeSpan.FromMilliseconds(1))));

        Assert.Equal(ErrorCode.ServiceUnreachable, fault.Code);
        Assert.Contains("-ProxyCredential", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.ToString(), StringComparison.Ordinal);
        Assert.Single(_service.Submissions);
    }

    [Fact]
    public async Task Proxy_that_refuses_a_real_tunnel_is_recognized()
    {
        await using TcpStub proxy = TcpStub.Answering("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n");
        using var connection = new Connection(ServiceAddress.Parse(new Uri("https://service.example")), new ApiKey(FakeService.Key), proxy: new WebProxy($"http://{proxy.Authority}"));

        ApiResult result = await connection.Api.PostAsync(connection.Address.Generate, null, default).WithTimeoutAsync();

        Assert.Equal((false, true), (result.IsSent, result.Fault?.IsTransient));
        Assert.Contains(proxy.Authority, result.Fault!.Error.Message, StringComparison.Ordinal);
    }

    private async Task<ErrorCode[]> RefusedAsync(int rows)
    {
        var codes = new ErrorCode[rows];
        for (int row = 0; row < rows; row++)
            codes[row] = (await Signals.GetErrorAsync(_service.GenerateAsync(request: FakeService.Request($"prompt {row + 1}")).WithTimeoutAsync())).Code;
        return codes;
    }
}
