using System.Text.Json;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;

namespace FaceGen.Core.Tests.Generating;

public sealed class SubmissionTests : IDisposable
{
    private readonly FakeService _service = new(queueLimit: 2);

    public void Dispose() => _service.Dispose();

    [Theory]
    [InlineData("4", ", and is expected in 4.0 s")]
    [InlineData("-1", "")]
    [InlineData("1e300", "")]
    public async Task Submission_accepted_is_logged_at_once(string eta, string expected)
    {
        _service.OnSubmit(ScriptedResponse.Json($$"""{"status":"processing","id":9,"eta":{{eta}} }"""));

        await _service.GenerateAsync(wait: false);

        Assert.Equal($"'a pilot': generation 9 was accepted{expected}.", Assert.Single(_service.AcceptedMessages));
    }

    [Fact]
    public async Task Submission_finished_at_once_is_not_polled()
    {
        _service.OnSubmit(ScriptedResponse.Success("42", "https://cdn.example/42.png"));

        Generation generation = await _service.GenerateAsync().WithTimeoutAsync();

        Assert.Equal(("42", GenerationStatus.Success, 7L, 1.5), (generation.Id, generation.StatusValue, generation.Seed, generation.Seconds));
        Assert.Equal([new Uri("https://cdn.example/42.png")], generation.Output);
        Assert.Equal(_service.Clock.GetUtcNow(), generation.CreatedAt);
        Assert.Equal(generation.CreatedAt?.AddHours(24), generation.ExpiresAt);
        Assert.Equal("a pilot", generation.Request?.Prompt);
        Assert.Equal(["42"], _service.Pending);
        Assert.Equal(0, _service.Account.Slots.InUse);
        Assert.Single(_service.Calls);
    }

    [Fact]
    public async Task Submission_success_without_id_is_kept()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"success","output":["https://cdn.example/1.png"]}"""));

        Generation generation = await _service.GenerateAsync().WithTimeoutAsync();

        Assert.Equal(GenerationStatus.Success, generation.StatusValue);
        Assert.Equal([generation.Id], _service.Pending);
    }

    [Fact]
    public async Task Submission_body_has_request_and_key()
    {
        _service.OnSubmit(ScriptedResponse.Success());

        await _service.GenerateAsync(request: FakeService.Request() with { Width = 300, Source = new RequestSource("x.csv", 2, 1) }).WithTimeoutAsync();

        using var sent = JsonDocument.Parse(Assert.Single(_service.Submissions).Body);
        Assert.Equal(["key", "prompt", "face_image", "width"], sent.RootElement.EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public async Task Submission_fatal_error_is_met_once()
    {
        _service.OnSubmit(ScriptedResponse.Error("Invalid API key.", 401), ScriptedResponse.Success());
        await TaskAssertions.GetErrorAsync(_service.GenerateAsync());

        FaceGenException next = await TaskAssertions.GetErrorAsync(_service.GenerateAsync());

        Assert.Equal(ErrorCode.KeyRejected, next.Code);
        Assert.Single(_service.Submissions);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Submission_queue_full_waits_retry_after()
    {
        _service.OnSubmit(ScriptedResponse.QueueFull(30), ScriptedResponse.QueueFull(45), ScriptedResponse.Success());
        DateTimeOffset start = _service.Clock.GetUtcNow();

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(GenerationStatus.Success, generation.StatusValue);
        Assert.Equal(3, _service.Submissions.Count);
        Assert.Equal(TimeSpan.FromSeconds(75), _service.Clock.GetUtcNow() - start);
        Assert.Equal(start.AddSeconds(75), generation.CreatedAt);
        Assert.Equal(2, _service.VerboseMessages.Count);
        Assert.Contains("Maximum 5 queued requests allowed). Retrying in 30.0 s.", _service.VerboseMessages.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submission_retry_after_of_years_is_limited()
    {
        _service.OnSubmit(ScriptedResponse.Error("Rate limit. Try again in 999999 hours"), ScriptedResponse.Empty(429).WithRetryAfter(TimeSpan.FromDays(9999)), ScriptedResponse.Success());

        await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(3, _service.Submissions.Count);
    }

    [Fact]
    public async Task Submission_certainly_not_accepted_is_sent_again()
    {
        _service.OnSubmit(ScriptedResponse.NotConnected, ScriptedResponse.Error("Server busy", 503), ScriptedResponse.Success());

        await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(3, _service.Submissions.Count);
    }

    public static TheoryData<string> Uncertainties => ["lost", "empty", "html", "502", "500", "no id", "cut"];

    [Theory]
    [MemberData(nameof(Uncertainties))]
    public async Task Submission_uncertain_is_not_sent_again(string kind)
    {
        _service.OnSubmit(kind switch
        {
            "lost" => ScriptedResponse.ConnectionLost,
            "empty" => ScriptedResponse.Empty(),
            "html" => ScriptedResponse.Html(200),
            "502" => ScriptedResponse.Html(),
            "500" => ScriptedResponse.Error("Server error", 500),
            "cut" => ScriptedResponse.Stream("{\"status\":\"processing\",\"id\":1}"u8.ToArray(), 500),
            _ => ScriptedResponse.Json("""{"status":"processing","message":"Request processing"}"""),
        }, ScriptedResponse.Success());

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());

        Assert.Equal(ErrorCode.SubmissionUncertain, fault.Code);
        Assert.Contains("The service may have accepted and charged for it. It was not sent again.", fault.Message, StringComparison.Ordinal);
        Assert.Single(_service.Submissions);
        // The service may have accepted it: its slot is kept for a while.
        Assert.Equal(1, _service.Account.Slots.InUse);
        await _service.Clock.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Submission_uncertain_disconnected_keeps_slot()
    {
        _service.OnSubmit(ScriptedResponse.ConnectionLost);
        await TaskAssertions.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());
        using Slots.Slot other = await _service.Generator.AcquireSlotAsync(default).WithTimeoutAsync();
        DateTimeOffset lost = _service.Clock.GetUtcNow();

        _service.Connection.Dispose();
        (await _service.Clock.RunAsync(_service.Generator.AcquireSlotAsync(default))).Dispose();

        Assert.Equal(TimeSpan.FromSeconds(10), _service.Clock.GetUtcNow() - lost);
    }

    [Fact]
    public async Task Submission_uncertain_keeps_slot_after_late_response_of_another()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(response.Task), ScriptedResponse.ConnectionLost).OnFetch(ScriptedResponse.Success("9"));
        Task<Generation> late = _service.GenerateAsync();
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(20));
        response.SetResult(ScriptedResponse.Processing("9", eta: 0));
        await _service.Clock.RunAsync(late);

        await TaskAssertions.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync());

        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(40));
        Assert.Equal(1, _service.Account.Slots.InUse);
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Submission_uncertain_with_retry_uncertain_is_sent_again()
    {
        _service.OnSubmit(ScriptedResponse.ConnectionLost, ScriptedResponse.Html(), ScriptedResponse.Success());

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync(retryUncertain: true));

        Assert.Equal(GenerationStatus.Success, generation.StatusValue);
        Assert.Equal(3, _service.Submissions.Count);
        Assert.Equal(2, _service.WarningMessages.Count);
        Assert.All(_service.WarningMessages, line => Assert.Contains("may be paid for twice", line, StringComparison.Ordinal));
    }

    public static TheoryData<string> EndsAfterUncertainty => ["lost", "queue full", "not connected"];

    [Theory]
    [MemberData(nameof(EndsAfterUncertainty))]
    public async Task Submission_uncertain_then_refused_stays_uncertain(string then)
    {
        _service.OnSubmit(ScriptedResponse.ConnectionLost, then switch
        {
            "lost" => ScriptedResponse.ConnectionLost,
            "queue full" => ScriptedResponse.QueueFull(40),
            _ => ScriptedResponse.NotConnected,
        });

        FaceGenException fault = await TaskAssertions.GetErrorAsync(
            _service.Clock.RunAsync(_service.GenerateAsync(timeout: TimeSpan.FromSeconds(100), retryUncertain: true)));

        Assert.Equal(ErrorCode.SubmissionUncertain, fault.Code);
        Assert.DoesNotContain("nothing was paid", fault.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Submission_unreachable_warns_once_and_fails_at_timeout()
    {
        _service.OnSubmit(ScriptedResponse.NotConnected);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(
            _service.Clock.RunAsync(_service.GenerateAsync(timeout: TimeSpan.FromSeconds(30))));

        Assert.Equal(ErrorCode.ServiceUnreachable, fault.Code);
        Assert.Contains("Nothing was accepted.", fault.Message, StringComparison.Ordinal);
        Assert.Single(_service.WarningMessages);
        Assert.NotEmpty(_service.VerboseMessages);
    }

    [Fact]
    public async Task Submission_smaller_service_limit_is_applied()
    {
        using var service = new FakeService(queueLimit: 15);
        service.OnSubmit(ScriptedResponse.QueueFull(), ScriptedResponse.Success());

        await service.Clock.RunAsync(service.GenerateAsync());

        Assert.Equal(5, service.Account.Slots.Limit);
    }

    [Fact]
    public async Task Submission_without_response_in_time_is_uncertain()
    {
        _service.OnSubmit(ScriptedResponse.NoResponse);

        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(ErrorCode.SubmissionUncertain, (await TaskAssertions.GetErrorAsync(generating.WithTimeoutAsync())).Code);
        Assert.Single(_service.Submissions);
    }

    [Theory]
    [InlineData(400, ErrorCode.RequestRefused)]
    [InlineData(401, ErrorCode.KeyRejected)]
    [InlineData(402, ErrorCode.OutOfCredits)]
    [InlineData(403, ErrorCode.NotInPlan)]
    [InlineData(404, ErrorCode.RequestRefused)]
    public async Task Submission_refused_releases_slot(int status, ErrorCode code)
    {
        _service.OnSubmit(ScriptedResponse.Error("no", status));

        Assert.Equal(code, (await TaskAssertions.GetErrorAsync(_service.GenerateAsync().WithTimeoutAsync())).Code);
        Assert.Equal(0, _service.Account.Slots.InUse);
        Assert.Empty(_service.Pending);
    }

    [Fact]
    public async Task Submission_missing_face_file_releases_slot()
    {
        using var folder = new TemporaryFolder();
        Request request = FakeService.Request() with { FaceImage = FaceImage.FromFile(folder.Write("face.png", TestImages.Portrait)) };
        File.Delete(folder.PathOf("face.png"));

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.GenerateAsync(request: request).WithTimeoutAsync());

        Assert.Equal(ErrorCode.FaceImageInvalid, fault.Code);
        Assert.Equal(0, _service.Account.Slots.InUse);
        Assert.Empty(_service.Calls);
    }

    [Fact]
    public async Task Submission_queue_full_fails_before_timeout()
    {
        _service.OnSubmit(ScriptedResponse.QueueFull(40));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        FaceGenException fault = await TaskAssertions.GetErrorAsync(
            _service.Clock.RunAsync(_service.GenerateAsync(timeout: TimeSpan.FromSeconds(100))));

        Assert.Equal(ErrorCode.ServiceBusy, fault.Code);
        Assert.StartsWith("The service accepted nothing within 100 s: HTTP 429: Rate limit exceeded.", fault.Message, StringComparison.Ordinal);
        Assert.Equal(3, _service.Submissions.Count);
        Assert.Equal(TimeSpan.FromSeconds(80), _service.Clock.GetUtcNow() - start);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Submission_canceled_between_attempts_sends_nothing()
    {
        _service.OnSubmit(ScriptedResponse.QueueFull(40));
        using var stop = new CancellationTokenSource();

        Task<Generation> generating = _service.GenerateAsync(cancellationToken: stop.Token);
        await _service.WaitForCallAsync();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generating.WithTimeoutAsync());
        Assert.Single(_service.Submissions);
        // The full queue has left one slot; the submission releases it when it is canceled.
        using Slots.Slot slot = await _service.Generator.AcquireSlotAsync(CancellationToken.None).WithTimeoutAsync();
    }

    [Fact]
    public async Task Submission_canceled_in_flight_keeps_generation()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(response.Task)).OnFetch(ScriptedResponse.Processing("77"));
        using var stop = new CancellationTokenSource();

        Task<Generation> generating = _service.GenerateAsync(cancellationToken: stop.Token);
        await _service.WaitForCallAsync();
        await stop.CancelAsync();
        Assert.True(_service.Account.HasSubmissionInFlight);
        Task<bool[]> responses = _service.Account.WaitForTrackedWorkAsync(default);
        Assert.False(responses.IsCompleted);
        Assert.Empty(_service.Pending);
        response.SetResult(ScriptedResponse.Processing("77"));

        await responses.WithTimeoutAsync();
        Assert.Equal(["77"], _service.Pending);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generating.WithTimeoutAsync());
        Assert.Equal(1, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task WaitForTrackedWork_waits_for_file_write_that_is_not_a_submission()
    {
        var written = new TaskCompletionSource<bool>();
        _service.Account.Track(written.Task);

        Task<bool[]> work = _service.Account.WaitForTrackedWorkAsync(default);

        Assert.False(_service.Account.HasSubmissionInFlight);
        Assert.False(work.IsCompleted);
        written.SetResult(true);
        await work.WithTimeoutAsync();
    }

    [Fact]
    public async Task WaitForTrackedWork_can_be_canceled()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(response.Task));
        using var stop = new CancellationTokenSource();

        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();
        Task<bool[]> responses = _service.Account.WaitForTrackedWorkAsync(stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => responses.WithTimeoutAsync());
        response.SetResult(ScriptedResponse.Success());
        await generating.WithTimeoutAsync();
        await _service.Account.WaitForTrackedWorkAsync(default).WithTimeoutAsync();
    }

    [Fact]
    public async Task WaitForTrackedWork_failed_submission_ends()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(response.Task));

        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();
        Task<bool[]> responses = _service.Account.WaitForTrackedWorkAsync(default);
        response.SetResult(ScriptedResponse.Html());

        Assert.NotEmpty(await responses.WithTimeoutAsync());
        await TaskAssertions.GetErrorAsync(generating);
    }

    [Fact]
    public async Task Submission_failed_with_id_fails_at_once()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"failed","id":5,"message":"No face found."}"""));

        Generation generation = await _service.GenerateAsync().WithTimeoutAsync();

        Assert.Equal((GenerationStatus.Failed, "No face found.", 0), (generation.StatusValue, generation.Message, generation.ImageCount));
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public void Account_is_shared_by_address_and_key()
    {
        using var other = new FakeService();

        Assert.Same(_service.Account, Account.For(_service.Connect()));
        Assert.NotSame(_service.Account, other.Account);
    }
}
