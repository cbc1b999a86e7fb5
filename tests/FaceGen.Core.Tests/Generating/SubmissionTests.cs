using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;

namespace FaceGen.Core.Tests.Generating;

public sealed class SubmissionTests : IDisposable
{
    private readonly FakeService _service = new(queueLimit: 2);

    public void Dispose() => _service.Dispose();

    [Theory]
    [InlineData("4", ", and is expected in 4.0 seconds")]
    [InlineData("-1", "")]
    [InlineData("1e300", "")]
    public async Task What_was_accepted_is_told_at_once(string eta, string expected)
    {
        _service.OnSubmit(Answer.Json($$"""{"status":"processing","id":9,"eta":{{eta}} }"""));

        await _service.GenerateAsync(wait: false);

        Assert.Equal($"'a pilot': generation 9 was accepted{expected}.", Assert.Single(_service.Accepted));
    }

    [Fact]
    public async Task A_success_at_once_needs_no_look()
    {
        _service.OnSubmit(Answer.Success("42", "https://cdn.example/42.png"));

        Generation generation = await _service.GenerateAsync().GuardAsync();

        Assert.Equal(("42", GenerationStatus.Success, 7L, 1.5), (generation.Id, generation.Status, generation.Seed, generation.GenerationTime));
        Assert.Equal([new Uri("https://cdn.example/42.png")], generation.Output);
        Assert.Equal(_service.Clock.GetUtcNow(), generation.CreatedAt);
        Assert.Equal(generation.CreatedAt?.AddHours(24), generation.ExpiresAt);
        Assert.Equal("a pilot", generation.Request?.Prompt);
        Assert.Equal(["42"], _service.Kept);
        Assert.Equal(0, _service.Account.Slots.Taken);
        Assert.Single(_service.Calls);
    }

    [Fact]
    public async Task A_success_without_an_id_is_no_loss()
    {
        _service.OnSubmit(Answer.Json("""{"status":"success","output":["https://cdn.example/1.png"]}"""));

        Generation generation = await _service.GenerateAsync().GuardAsync();

        Assert.Equal(GenerationStatus.Success, generation.Status);
        Assert.Equal([generation.Id], _service.Kept);
    }

    [Fact]
    public async Task What_is_sent_is_the_request_and_the_key()
    {
        _service.OnSubmit(Answer.Success());

        await _service.GenerateAsync(request: FakeService.Request() with { Width = 300, Source = new RequestSource("x.csv", 2, 1) }).GuardAsync();

        using var sent = JsonDocument.Parse(Assert.Single(_service.Submissions).Body);
        Assert.Equal(["key", "prompt", "face_image", "width"], sent.RootElement.EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public async Task What_every_request_would_fail_with_is_met_once()
    {
        _service.OnSubmit(Answer.Error("Invalid API key.", 401), Answer.Success());
        await Signals.FailureAsync(_service.GenerateAsync());

        FaceGenException next = await Signals.FailureAsync(_service.GenerateAsync());

        Assert.Equal(ErrorCode.KeyRejected, next.Code);
        Assert.Single(_service.Submissions);
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task A_full_queue_is_waited_for_as_long_as_the_service_asks()
    {
        _service.OnSubmit(Answer.QueueFull(30), Answer.QueueFull(45), Answer.Success());
        DateTimeOffset start = _service.Clock.GetUtcNow();

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(GenerationStatus.Success, generation.Status);
        Assert.Equal(3, _service.Submissions.Count);
        Assert.Equal(TimeSpan.FromSeconds(75), _service.Clock.GetUtcNow() - start);
        Assert.Equal(start.AddSeconds(75), generation.CreatedAt);
        Assert.Equal(2, _service.Told.Count);
        Assert.Contains("Maximum 5 queued requests allowed): trying again in 30.0 seconds.", _service.Told.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_of_years_is_no_accident()
    {
        _service.OnSubmit(Answer.Error("Rate limit. Try again in 999999 hours"), Answer.Empty(429).WithRetryAfter(TimeSpan.FromDays(9999)), Answer.Success());

        await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(3, _service.Submissions.Count);
    }

    [Fact]
    public async Task What_never_left_the_machine_and_what_the_API_was_too_busy_for_are_sent_again()
    {
        _service.OnSubmit(Answer.NotConnected, Answer.Error("Server busy", 503), Answer.Success());

        await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(3, _service.Submissions.Count);
    }

    public static TheoryData<string> Uncertainties => ["lost", "empty", "html", "502", "500", "no id", "cut"];

    [Theory]
    [MemberData(nameof(Uncertainties))]
    public async Task What_is_uncertain_is_never_sent_again(string kind)
    {
        _service.OnSubmit(kind switch
        {
            "lost" => Answer.Lost,
            "empty" => Answer.Empty(),
            "html" => Answer.Html(200),
            "502" => Answer.Html(),
            "500" => Answer.Error("Server error", 500),
            "cut" => Answer.Stream("{\"status\":\"processing\",\"id\":1}"u8.ToArray(), 500),
            _ => Answer.Json("""{"status":"processing","message":"Request processing"}"""),
        }, Answer.Success());

        FaceGenException fault = await Signals.FailureAsync(_service.GenerateAsync().GuardAsync());

        Assert.Equal(ErrorCode.SubmissionUncertain, fault.Code);
        Assert.Contains("may or may not have accepted it", fault.Message, StringComparison.Ordinal);
        Assert.Single(_service.Submissions);
        // The service may be at work on it: its place is kept for a while.
        Assert.Equal(1, _service.Account.Slots.Taken);
        await _service.Clock.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task What_is_uncertain_keeps_its_place_though_its_connection_is_ended()
    {
        _service.OnSubmit(Answer.Lost);
        await Signals.FailureAsync(_service.GenerateAsync().GuardAsync());
        using Slots.Slot other = await _service.Generator.TakeSlotAsync(default).GuardAsync();
        DateTimeOffset lost = _service.Clock.GetUtcNow();

        _service.Connection.Dispose();
        (await _service.Clock.RunAsync(_service.Generator.TakeSlotAsync(default))).Dispose();

        Assert.Equal(TimeSpan.FromSeconds(10), _service.Clock.GetUtcNow() - lost);
    }

    [Fact]
    public async Task What_is_uncertain_keeps_its_place_though_an_answer_that_came_late_made_another_look_short()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(answer.Task), Answer.Lost).OnFetch(Answer.Success("9"));
        Task<Generation> late = _service.GenerateAsync();
        await _service.ArrivalAsync();
        await _service.Clock.PassAsync(TimeSpan.FromSeconds(20));
        answer.SetResult(Answer.Processing("9", eta: 0));
        await _service.Clock.RunAsync(late);

        await Signals.FailureAsync(_service.GenerateAsync().GuardAsync());

        await _service.Clock.PassAsync(TimeSpan.FromSeconds(40));
        Assert.Equal(1, _service.Account.Slots.Taken);
        await _service.Clock.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task What_is_uncertain_is_sent_again_where_somebody_takes_the_risk()
    {
        _service.OnSubmit(Answer.Lost, Answer.Html(), Answer.Success());

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync(retryUncertain: true));

        Assert.Equal(GenerationStatus.Success, generation.Status);
        Assert.Equal(3, _service.Submissions.Count);
        Assert.Equal(2, _service.Warned.Count);
        Assert.All(_service.Warned, line => Assert.Contains("may be paid for twice", line, StringComparison.Ordinal));
    }

    public static TheoryData<string> EndsAfterUncertainty => ["lost", "queue full", "not connected"];

    [Theory]
    [MemberData(nameof(EndsAfterUncertainty))]
    public async Task Nobody_is_told_that_nothing_was_paid_for_once_an_answer_was_lost(string then)
    {
        _service.OnSubmit(Answer.Lost, then switch
        {
            "lost" => Answer.Lost,
            "queue full" => Answer.QueueFull(40),
            _ => Answer.NotConnected,
        });

        FaceGenException fault = await Signals.FailureAsync(
            _service.Clock.RunAsync(_service.GenerateAsync(timeout: TimeSpan.FromSeconds(100), retryUncertain: true)));

        Assert.Equal(ErrorCode.SubmissionUncertain, fault.Code);
        Assert.DoesNotContain("nothing was paid", fault.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task A_service_that_cannot_be_reached_is_told_once_and_then_at_the_end()
    {
        _service.OnSubmit(Answer.NotConnected);

        FaceGenException fault = await Signals.FailureAsync(
            _service.Clock.RunAsync(_service.GenerateAsync(timeout: TimeSpan.FromSeconds(30))));

        Assert.Equal(ErrorCode.ServiceUnreachable, fault.Code);
        Assert.EndsWith("Nothing was sent.", fault.Message, StringComparison.Ordinal);
        Assert.Single(_service.Warned);
        Assert.NotEmpty(_service.Told);
    }

    [Fact]
    public async Task A_limit_that_the_service_tells_is_taken_over_where_it_is_smaller()
    {
        using var service = new FakeService(queueLimit: 15);
        service.OnSubmit(Answer.QueueFull(), Answer.Success());

        await service.Clock.RunAsync(service.GenerateAsync());

        Assert.Equal(5, service.Account.Slots.Limit);
    }

    [Fact]
    public async Task A_submission_without_an_answer_in_time_is_uncertain()
    {
        _service.OnSubmit(Answer.Silence);

        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();
        await _service.Clock.PassAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(ErrorCode.SubmissionUncertain, (await Signals.FailureAsync(generating.GuardAsync())).Code);
        Assert.Single(_service.Submissions);
    }

    [Theory]
    [InlineData(400, ErrorCode.RequestRefused)]
    [InlineData(401, ErrorCode.KeyRejected)]
    [InlineData(402, ErrorCode.OutOfCredits)]
    [InlineData(403, ErrorCode.NotInPlan)]
    [InlineData(404, ErrorCode.RequestRefused)]
    public async Task A_refusal_gives_the_slot_back(int status, ErrorCode code)
    {
        _service.OnSubmit(Answer.Error("no", status));

        Assert.Equal(code, (await Signals.FailureAsync(_service.GenerateAsync().GuardAsync())).Code);
        Assert.Equal(0, _service.Account.Slots.Taken);
        Assert.Empty(_service.Kept);
    }

    [Fact]
    public async Task A_face_that_has_gone_gives_the_slot_back_and_sends_nothing()
    {
        using var folder = new TemporaryFolder();
        Request request = FakeService.Request() with { FaceImage = FaceImage.FromFile(folder.Write("face.png", TestImages.Portrait)) };
        File.Delete(folder.PathOf("face.png"));

        FaceGenException fault = await Signals.FailureAsync(_service.GenerateAsync(request: request).GuardAsync());

        Assert.Equal(ErrorCode.FaceImageInvalid, fault.Code);
        Assert.Equal(0, _service.Account.Slots.Taken);
        Assert.Empty(_service.Calls);
    }

    [Fact]
    public async Task A_queue_that_stays_full_ends_when_no_other_try_fits_into_the_time()
    {
        _service.OnSubmit(Answer.QueueFull(40));
        DateTimeOffset start = _service.Clock.GetUtcNow();

        FaceGenException fault = await Signals.FailureAsync(
            _service.Clock.RunAsync(_service.GenerateAsync(timeout: TimeSpan.FromSeconds(100))));

        Assert.Equal(ErrorCode.ServiceBusy, fault.Code);
        Assert.StartsWith("The service accepted nothing within 100 seconds, and nothing was paid for: HTTP 429: Rate limit exceeded.", fault.Message, StringComparison.Ordinal);
        Assert.Equal(3, _service.Submissions.Count);
        Assert.Equal(TimeSpan.FromSeconds(80), _service.Clock.GetUtcNow() - start);
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task A_stop_between_tries_ends_it_and_sends_nothing_more()
    {
        _service.OnSubmit(Answer.QueueFull(40));
        using var stop = new CancellationTokenSource();

        Task<Generation> generating = _service.GenerateAsync(cancel: stop.Token);
        await _service.ArrivalAsync();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generating.GuardAsync());
        Assert.Single(_service.Submissions);
        // The full queue has left one place open; the submission gives it back when it has seen the stop itself.
        using Slots.Slot place = await _service.Generator.TakeSlotAsync(CancellationToken.None).GuardAsync();
    }

    [Fact]
    public async Task A_stop_while_the_answer_is_out_loses_nothing()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(answer.Task)).OnFetch(Answer.Processing("77"));
        using var stop = new CancellationTokenSource();

        Task<Generation> generating = _service.GenerateAsync(cancel: stop.Token);
        await _service.ArrivalAsync();
        await stop.CancelAsync();
        Task<bool[]> settled = _service.Account.SettleAsync(default);
        Assert.False(settled.IsCompleted);
        Assert.Empty(_service.Kept);
        answer.SetResult(Answer.Processing("77"));

        await settled.GuardAsync();
        Assert.Equal(["77"], _service.Kept);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generating.GuardAsync());
        Assert.Equal(1, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task Waiting_for_answers_that_are_out_can_be_stopped()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(answer.Task));
        using var stop = new CancellationTokenSource();

        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();
        Task<bool[]> settled = _service.Account.SettleAsync(stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => settled.GuardAsync());
        answer.SetResult(Answer.Success());
        await generating.GuardAsync();
        await _service.Account.SettleAsync(default).GuardAsync();
    }

    [Fact]
    public async Task Submissions_that_failed_settle_too()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(answer.Task));

        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();
        Task<bool[]> settled = _service.Account.SettleAsync(default);
        answer.SetResult(Answer.Html());

        Assert.NotEmpty(await settled.GuardAsync());
        await Signals.FailureAsync(generating);
    }

    [Fact]
    public async Task A_generation_fails_at_once_where_the_service_says_so_with_an_id()
    {
        _service.OnSubmit(Answer.Json("""{"status":"failed","id":5,"message":"No face found."}"""));

        Generation generation = await _service.GenerateAsync().GuardAsync();

        Assert.Equal((GenerationStatus.Failed, "No face found.", 0), (generation.Status, generation.Message, generation.ImageCount));
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public void The_account_is_one_for_each_address_and_key_of_the_process()
    {
        using var other = new FakeService();

        Assert.Same(_service.Account, Account.Of(_service.Connect()));
        Assert.NotSame(_service.Account, other.Account);
    }
}
