using System.Net;
using System.Text.Json;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Webhooks;

namespace FaceGen.Core.Tests.Webhooks;

public sealed class CallbacksTests : IDisposable
{
    private readonly FakeService _service = new(queueLimit: 1);
    private readonly Webhook _webhook;

    public CallbacksTests()
    {
        _webhook = new Webhook(IPAddress.Loopback, 0, new Uri("https://hooks.example"), Callbacks.Take, _service.Clock);
        Callbacks.Open(_webhook);
    }

    private Callbacks Callbacks => _service.Account.Callbacks;

    public void Dispose()
    {
        Callbacks.Close(_webhook);
        _service.Dispose();
    }

    [Fact]
    public async Task A_request_is_sent_with_the_webhook_and_a_track_id()
    {
        _service.OnSubmit(Answer.Success("9"));

        Generation generation = await _service.GenerateAsync().GuardAsync();

        Assert.Contains(_webhook.Uri.AbsoluteUri, _service.Submissions[0].Body, StringComparison.Ordinal);
        Assert.Contains($"\"track_id\":{generation.TrackId}", _service.Submissions[0].Body, StringComparison.Ordinal);
        // The user's own request stays as it was.
        Assert.Equal((null, null), (generation.Request!.Webhook, generation.Request.TrackId));
    }

    [Fact]
    public async Task A_request_with_a_webhook_and_a_track_id_of_its_own_keeps_them()
    {
        _service.OnSubmit(Answer.Success("9"));

        Generation generation = await _service.GenerateAsync(
            request: FakeService.Request() with { Webhook = new Uri("https://mine.example/call"), TrackId = 5 }).GuardAsync();

        Assert.Contains("https://mine.example/call", _service.Submissions[0].Body, StringComparison.Ordinal);
        Assert.Equal(5, generation.TrackId);
    }

    [Fact]
    public async Task A_call_leads_to_the_only_look()
    {
        _service.OnSubmit(Answer.Processing("9", eta: 3)).OnFetch(Answer.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();
        await _service.Clock.PassAsync(TimeSpan.FromSeconds(4)).GuardAsync();
        Assert.Empty(_service.Fetches);

        Callbacks.Take("9", null);

        Assert.Equal(GenerationStatus.Success, (await generating.GuardAsync()).Status);
        Callbacks.Take("9", null);
        Assert.Single(_service.Fetches);
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact] // Q34
    public async Task A_call_that_comes_before_the_submissions_answer_counts()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(answer.Task)).OnFetch(Answer.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();

        Callbacks.Take("9", null);
        answer.SetResult(Answer.Processing("9"));

        Assert.Equal(GenerationStatus.Success, (await generating.GuardAsync()).Status);
    }

    [Fact]
    public async Task A_forged_call_is_not_believed()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Processing("9"), Answer.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();

        Callbacks.Take("9", null);
        await _service.ArrivalAsync();
        Assert.False(generating.IsCompleted);

        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(generating)).Status);
    }

    [Fact] // Q34
    public async Task Where_no_call_comes_the_generation_is_looked_at_all_the_same()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Success("9"));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(GenerationStatus.Success, generation.Status);
    }

    [Fact]
    public async Task Calls_that_never_come_are_not_waited_for_any_more()
    {
        _service.OnSubmit(Answer.Processing()).OnFetch(Answer.Success());
        Assert.True(Callbacks.AreComing);

        for (int i = 0; i < Callbacks.MostMissed; i++) await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.False(Callbacks.AreComing);
        Callbacks.Take("another", null);
        Assert.True(Callbacks.AreComing);
    }

    [Fact] // Q34
    public async Task What_nobody_waits_for_is_received_once()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Success("9"));
        await _service.GenerateAsync(wait: false).GuardAsync();
        var receiver = new Receiver(_service.Connection, _service);
        Task<Generation?> next = receiver.NextAsync(isMoreExpected: false, default);
        Assert.False(next.IsCompleted);

        Callbacks.Take("9", null);
        Callbacks.Take("9", null);

        Assert.Equal("9", (await next.GuardAsync())?.Id);
        Assert.Null(await receiver.NextAsync(isMoreExpected: false, default).GuardAsync());
    }

    [Fact]
    public async Task What_somebody_waits_for_is_not_received()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();
        var receiver = new Receiver(_service.Connection, _service);

        Callbacks.Take("9", null);
        await generating.GuardAsync();
        Callbacks.Take("9", null);

        Assert.Null(await receiver.NextAsync(isMoreExpected: false, default).GuardAsync());
    }

    [Fact]
    public async Task What_another_process_submitted_is_received_when_the_service_confirms_it()
    {
        _service.OnFetch(Answer.Success("77"));
        var receiver = new Receiver(_service.Connection, _service);
        Task<Generation?> next = receiver.NextAsync(isMoreExpected: true, default);

        Callbacks.Take("77", null);

        Assert.Equal(("77", GenerationStatus.Success), (await next.GuardAsync()) is { } generation ? (generation.Id, generation.Status) : default);
    }

    [Fact] // Q34
    public async Task An_id_that_the_service_does_not_know_is_dropped()
    {
        _service.OnFetch(Answer.Error("The request id does not exist."));
        var receiver = new Receiver(_service.Connection, _service);
        Task<Generation?> next = receiver.NextAsync(isMoreExpected: false, default);

        Callbacks.Take("unknown", null);

        Assert.Null(await next.GuardAsync());
        Assert.Null(await receiver.NextAsync(isMoreExpected: false, default).GuardAsync());
    }

    [Fact]
    public async Task What_came_with_the_submissions_answer_is_not_received_again_when_its_call_comes()
    {
        _service.OnSubmit(Answer.Success("9")).OnFetch(Answer.Success("9"));
        Generation generation = await _service.GenerateAsync().GuardAsync();
        _service.Account.MarkSeen(generation.Id);
        var receiver = new Receiver(_service.Connection, _service);

        Callbacks.Take("9", null);

        Assert.Null(await receiver.NextAsync(isMoreExpected: false, default).GuardAsync());
    }

    [Fact]
    public async Task A_call_that_could_not_be_confirmed_yet_is_received_later()
    {
        _service.OnFetch(Answer.Html(), Answer.Success("77"));
        var receiver = new Receiver(_service.Connection, _service);

        Callbacks.Take("77", null);

        Assert.Equal("77", (await _service.Clock.RunAsync(receiver.NextAsync(isMoreExpected: true, default)))?.Id);
    }

    [Fact]
    public async Task Calls_that_a_stop_cut_off_are_received_by_the_next()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnFetch(Answer.Held(answer.Task), Answer.Success("78"), Answer.Success("77"));
        using var stop = new CancellationTokenSource();
        var receiver = new Receiver(_service.Connection, _service);
        Callbacks.Take("77", null);
        Callbacks.Take("78", null);
        Task<Generation?> stopped = receiver.NextAsync(isMoreExpected: true, stop.Token);
        await _service.ArrivalAsync();

        await stop.CancelAsync();
        answer.SetResult(Answer.Success("77"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped.GuardAsync());

        Generation?[] received = [await receiver.NextAsync(isMoreExpected: true, default).GuardAsync(), await receiver.NextAsync(isMoreExpected: true, default).GuardAsync()];
        Assert.Equal(["77", "78"], received.Select(generation => generation?.Id).Order());
    }

    [Fact]
    public async Task A_webhook_that_is_removed_is_not_waited_for()
    {
        _service.OnSubmit(Answer.Processing("9", eta: 3)).OnFetch(Answer.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();
        await _service.Clock.PassAsync(TimeSpan.FromSeconds(4)).GuardAsync();
        Assert.Empty(_service.Fetches);

        Callbacks.Close(_webhook);

        Assert.Equal(GenerationStatus.Success, (await generating.GuardAsync()).Status);
    }

    [Theory]
    [InlineData("lost")]
    [InlineData("html")]
    [InlineData("no id")]
    public async Task A_submission_whose_answer_was_lost_is_settled_by_the_call_for_its_track_id(string answer)
    {
        _service.OnSubmit(Lost(answer)).OnFetch(Answer.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();

        Callbacks.Take("9", TrackIdOf(_service.Submissions[0]));

        Generation generation = await generating.GuardAsync();
        Assert.Equal(("9", GenerationStatus.Success), (generation.Id, generation.Status));
        Assert.Single(_service.Submissions);
        Assert.Equal(0, _service.Account.Slots.Taken);
        Assert.Empty(_service.Account.Untold);
    }

    [Fact]
    public async Task A_call_that_comes_before_the_answer_is_lost_settles_it_too()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(answer.Task)).OnFetch(Answer.Success("9"));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();

        Callbacks.Take("9", TrackIdOf(_service.Submissions[0]));
        answer.SetResult(Answer.Html());

        Assert.Equal("9", (await generating.GuardAsync()).Id);
    }

    [Fact]
    public async Task Where_no_call_comes_a_lost_answer_stays_uncertain()
    {
        _service.OnSubmit(Answer.Lost);

        FaceGenException fault = await Signals.FailureAsync(_service.Clock.RunAsync(_service.GenerateAsync()));

        Assert.Equal(ErrorCode.SubmissionUncertain, fault.Code);
        Assert.Single(_service.Submissions);
        Assert.Contains(_service.Told, line => line.Contains("waiting up to 10 seconds for the service's call", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_call_that_the_service_does_not_confirm_settles_nothing()
    {
        _service.OnSubmit(Answer.Lost).OnFetch(Answer.Error("The request id does not exist."));
        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();

        Callbacks.Take("9", TrackIdOf(_service.Submissions[0]));

        FaceGenException fault = await Signals.FailureAsync(_service.Clock.RunAsync(generating));
        Assert.Equal(ErrorCode.SubmissionUncertain, fault.Code);
        Assert.DoesNotContain("9", _service.Kept);
    }

    [Fact]
    public async Task A_call_for_a_generation_that_is_known_settles_no_other()
    {
        _service.OnSubmit(Answer.Processing("9", eta: 30)).OnFetch(Answer.Processing("9"));
        await _service.GenerateAsync(wait: false).GuardAsync();
        _service.Account.Slots.Limit = 2;
        _service.OnSubmit(Answer.Lost);
        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();

        Callbacks.Take("9", TrackIdOf(_service.Submissions[1]));

        Assert.Equal(ErrorCode.SubmissionUncertain, (await Signals.FailureAsync(_service.Clock.RunAsync(generating))).Code);
    }

    [Fact]
    public async Task A_track_id_of_the_users_own_may_be_anybodys_and_settles_nothing()
    {
        _service.OnSubmit(Answer.Lost);

        Task<Generation> generating = _service.GenerateAsync(request: FakeService.Request() with { TrackId = 5 });

        Assert.Equal(ErrorCode.SubmissionUncertain, (await Signals.FailureAsync(generating.GuardAsync())).Code);
    }

    private static Answer Lost(string how) => how switch
    {
        "lost" => Answer.Lost,
        "html" => Answer.Html(),
        _ => Answer.Json("""{"status":"processing","message":"Request processing"}"""),
    };

    private static long TrackIdOf(Call submission)
    {
        using JsonDocument body = JsonDocument.Parse(submission.Body);
        return body.RootElement.GetProperty("track_id").GetInt64();
    }
}
