using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Generating;

public sealed class WaitingTests : IDisposable
{
    private static readonly TimeSpan Forever = System.Threading.Timeout.InfiniteTimeSpan;

    private readonly FakeService _service = new(queueLimit: 1);

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task A_generation_is_looked_at_until_it_is_ready()
    {
        _service.OnSubmit(Answer.Processing("9", eta: 3)).OnFetch(Answer.Processing("9"), Answer.Processing("9"), Answer.Success("9"));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal((GenerationStatus.Success, 7L, 1), (generation.Status, generation.Seed, generation.ImageCount));
        Assert.Equal(3, _service.Fetches.Count);
        Assert.All(_service.Fetches, call => Assert.EndsWith("/api/v6/image_editing/fetch/9", call.Address.AbsoluteUri, StringComparison.Ordinal));
        Assert.All(_service.Fetches, call => Assert.Equal(_service.Fetches[0].Body, call.Body));
        Assert.Single(_service.Submissions);
    }

    [Fact]
    public async Task The_slot_is_given_back_at_the_end_and_not_before()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Processing()).OnFetch(Answer.Processing(), Answer.Held(answer.Task));

        Task<Generation> generating = _service.Clock.RunAsync(_service.GenerateAsync());
        await _service.ArrivalAsync();
        await _service.ArrivalAsync();
        await _service.ArrivalAsync();
        Task<Slots.Slot> next = _service.Generator.TakeSlotAsync(default);
        Assert.Equal(1, _service.Account.Slots.Taken);
        Assert.False(next.IsCompleted);
        answer.SetResult(Answer.Success());

        await generating;
        (await next.GuardAsync()).Dispose();
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task Without_waiting_the_slot_is_kept_until_the_end_was_seen()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Processing("9"), Answer.Success("9"));

        Generation accepted = await _service.GenerateAsync(wait: false).GuardAsync();
        Assert.Equal((GenerationStatus.Processing, 2.0), (accepted.Status, accepted.Eta));
        Assert.Equal(1, _service.Account.Slots.Taken);

        // Nobody waits for the generation: only for its slot.
        (await _service.Clock.RunAsync(_service.Generator.TakeSlotAsync(default))).Dispose();
        Assert.Equal(GenerationStatus.Success, _service.Account.Find("9")?.Latest.Status);
        Assert.Equal(["9"], _service.Kept);
    }

    [Fact]
    public async Task A_generation_that_takes_too_long_is_kept_and_can_be_waited_for_again()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Processing("9"));

        Task<Generation> generating = _service.GenerateAsync(timeout: TimeSpan.FromSeconds(60));
        await _service.ArrivalAsync();
        await _service.Clock.PassAsync(TimeSpan.FromSeconds(61));
        FaceGenException fault = await Signals.FailureAsync(generating);

        Assert.Equal(ErrorCode.GenerationTimeout, fault.Code);
        Assert.Contains("Wait-FaceGenImage -Id 9", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["9"], _service.Kept);
        Assert.Equal(1, _service.Account.Slots.Taken);
        _service.OnFetch(Answer.Success("9"));
        Generation again = await WaitAsync("9");
        Assert.Equal(GenerationStatus.Success, again.Status);
    }

    [Fact]
    public async Task A_time_that_is_over_while_the_submission_is_out_loses_nothing()
    {
        var answer = new TaskCompletionSource<Answer>();
        _service.OnSubmit(Answer.Held(answer.Task)).OnFetch(Answer.Processing("9"));

        Task<Generation> generating = _service.GenerateAsync(timeout: TimeSpan.FromSeconds(10));
        await _service.ArrivalAsync();
        await _service.Clock.PassAsync(TimeSpan.FromSeconds(11));

        Assert.Equal(ErrorCode.GenerationTimeout, (await Signals.FailureAsync(generating.GuardAsync())).Code);
        answer.SetResult(Answer.Processing("9"));
        await _service.Account.SettleAsync(default).GuardAsync();
        Assert.Equal(["9"], _service.Kept);
    }

    [Fact]
    public async Task A_stop_while_waiting_leaves_the_generation_where_it_is_found_again()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Processing("9"));
        using var stop = new CancellationTokenSource();

        Task<Generation> generating = _service.GenerateAsync(cancel: stop.Token);
        await _service.ArrivalAsync();
        await _service.Account.SettleAsync(default).GuardAsync();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generating.GuardAsync());
        Assert.Equal(["9"], _service.Kept);
        _service.OnFetch(Answer.Success("9"));
        Assert.Equal(GenerationStatus.Success, (await WaitAsync("9")).Status);
    }

    /// <summary>How long it took is unknown: it may have ended long before anybody looked.</summary>
    [Fact]
    public async Task A_generation_of_an_earlier_process_that_has_ended_tells_nothing_of_how_long_one_takes()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Success("9"));
        for (int id = 10; id < 15; id++)
        {
            _service.OnFetch(Answer.Success($"{id}"));
            var left = new Generation { Id = $"{id}", CreatedAt = _service.Clock.GetUtcNow().AddHours(-2), Request = FakeService.Request() };
            await _service.Clock.RunAsync(_service.Generator.ResumeAsync(left, Forever, default));
        }

        Assert.Equal(TimeSpan.FromSeconds(10), _service.Account.LongTime);
        DateTimeOffset start = _service.Clock.GetUtcNow();
        _service.OnFetch(Answer.Success("9"));
        await _service.Clock.RunAsync(_service.GenerateAsync());
        // As soon as where nothing is known, but for what the service expects: two seconds.
        Assert.InRange((_service.Clock.GetUtcNow() - start).TotalSeconds, 0.5, 3);
    }

    [Fact]
    public async Task Trouble_of_the_service_is_waited_out()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(
            Answer.Html(), Answer.Empty(500), Answer.Error("busy", 503), Answer.QueueFull(20), Answer.Html(200), Answer.Lost,
            Answer.NotConnected, Answer.Json("{\"status\":\"success\",\"id\":9,\"output\":[]}"), Answer.Success("9"));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(GenerationStatus.Success, generation.Status);
        Assert.Equal(9, _service.Fetches.Count);
    }

    [Fact]
    public async Task Who_waits_is_told_what_is_waited_for()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Error("busy", 503), Answer.Success("9"));

        await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal("The service did not say how generation 9 is (HTTP 503: busy): asking again in 0.5 seconds.", Assert.Single(_service.Told));
    }

    [Fact]
    public async Task A_look_without_an_answer_is_repeated()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Silence, Answer.Success("9"));

        Task<Generation> generating = _service.GenerateAsync();
        await _service.ArrivalAsync();
        // While nothing is known of the service, the first look comes within five seconds.
        await _service.Clock.PassAsync(TimeSpan.FromSeconds(5));
        await _service.ArrivalAsync();
        await _service.Clock.PassAsync(TimeSpan.FromSeconds(Connection.DefaultTimeoutSec));

        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(generating)).Status);
    }

    [Fact]
    public async Task An_id_that_is_unknown_for_a_moment_is_asked_for_again()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Empty(404), Answer.Error("Invalid id"), Answer.Success("9"));

        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(_service.GenerateAsync())).Status);
    }

    [Fact]
    public async Task An_id_that_was_given_out_and_denied_six_times_is_not_found()
    {
        using var service = new FakeService(queueLimit: 1);
        DateTimeOffset denied = default;
        Answer denial = Answer.Error("Invalid id");
        service.OnSubmit(Answer.Processing("9")).OnFetch(denial with
        {
            Give = cancel =>
            {
                denied = service.Clock.GetUtcNow();
                return denial.Give(cancel);
            },
        });

        FaceGenException fault = await Signals.FailureAsync(service.Clock.RunAsync(service.GenerateAsync()));

        Assert.Equal(ErrorCode.GenerationNotFound, fault.Code);
        Assert.Equal(6, service.Fetches.Count);
        Assert.Equal(["9"], service.Kept);
        // The service may be at work on it all the same: its place is kept for a while after the last look.
        using Slots.Slot place = await service.Clock.RunAsync(service.Generator.TakeSlotAsync(CancellationToken.None));
        Assert.Equal(10, (service.Clock.GetUtcNow() - service.Fetches[^1].At).TotalSeconds);
    }

    [Fact]
    public async Task An_id_that_nobody_knows_is_not_kept()
    {
        _service.OnFetch(Answer.Error("Invalid id"));

        Assert.Equal(ErrorCode.GenerationNotFound, (await Signals.FailureAsync(WaitAsync("404"))).Code);
        Assert.Empty(_service.Kept);
    }

    [Fact]
    public async Task Whoever_waits_shares_one_poller()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Processing("9"), Answer.Processing("9"), Answer.Success("9"));

        Generation accepted = await _service.GenerateAsync(wait: false).GuardAsync();
        Task<Generation>[] waiting =
        [
            _service.Generator.WaitAsync(accepted, Forever, default),
            _service.Generator.WaitAsync(accepted, Forever, default),
            new Generator(_service.Connect()).WaitAsync(accepted, Forever, default),
        ];

        Generation[] ends = await _service.Clock.RunAsync(Task.WhenAll(waiting));

        Assert.All(ends, end => Assert.Same(ends[0], end));
        Assert.Equal(3, _service.Fetches.Count);
    }

    [Fact]
    public async Task One_who_stops_waiting_does_not_stop_the_others()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Success("9"));
        using var stop = new CancellationTokenSource();

        Generation accepted = await _service.GenerateAsync(wait: false).GuardAsync();
        Task<Generation> first = _service.Generator.WaitAsync(accepted, Forever, stop.Token);
        Task<Generation> second = _service.Generator.WaitAsync(accepted, Forever, default);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.GuardAsync());
        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(second)).Status);
    }

    [Fact]
    public async Task A_generation_that_the_service_could_not_make_has_failed_and_says_why()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Json("""{"status":"failed","id":9,"message":"No face found.","output":["https://cdn.example/x.png"]}"""));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal((GenerationStatus.Failed, "No face found."), (generation.Status, generation.Message));
        Assert.Empty(generation.Output);
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task A_key_that_died_meanwhile_loses_nothing()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Error("Invalid key", 401));

        FaceGenException fault = await Signals.FailureAsync(_service.Clock.RunAsync(_service.GenerateAsync()));
        Assert.Equal((ErrorCode.KeyRejected, true), (fault.Code, fault.EndsRun));
        Assert.Equal(["9"], _service.Kept);

        _service.OnFetch(Answer.Success("9"));
        Assert.Equal(GenerationStatus.Success, (await WaitAsync("9")).Status);
    }

    [Fact]
    public async Task A_connection_that_was_ended_leaves_its_generations_to_the_next_one()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Success("9"));
        Generation accepted = await _service.GenerateAsync(wait: false).GuardAsync();

        _service.Connection.Dispose();
        Assert.Equal(["9"], _service.Kept);
        Generation end = await _service.Clock.RunAsync(new Generator(_service.Connect()).WaitAsync(accepted, Forever, default));

        Assert.Equal(GenerationStatus.Success, end.Status);
    }

    [Fact]
    public async Task Who_waits_with_another_connection_goes_on_when_the_one_that_watched_is_ended()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Success("9"));
        Generation accepted = await _service.GenerateAsync(wait: false).GuardAsync();

        Task<Generation> waiting = new Generator(_service.Connect()).WaitAsync(accepted, Forever, default);
        Task<Generation> ended = _service.Generator.WaitAsync(accepted, Forever, default);
        _service.Connection.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ended.GuardAsync());
        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(waiting)).Status);
    }

    [Fact]
    public async Task An_id_of_another_session_can_be_waited_for()
    {
        _service.OnFetch(Answer.Processing("55"), Answer.Json(
            """{"status":"success","id":55,"output":["https://cdn.example/1.png"],"meta":{"prompt":"a diver","seed":3}}"""));

        Generation generation = await _service.Clock.RunAsync(
            _service.Generator.WaitAsync(_service.Account.Recall("55"), Forever, default));

        Assert.Equal(("55", "a diver", 3L, null), (generation.Id, generation.Prompt, generation.Seed, generation.Request));
    }

    [Fact]
    public async Task What_has_ended_is_not_looked_at_again()
    {
        _service.OnSubmit(Answer.Success());
        Generation generation = await _service.GenerateAsync().GuardAsync();

        Assert.Same(generation, await _service.Generator.WaitAsync(generation, TimeSpan.Zero, default).GuardAsync());
        Assert.Empty(_service.Fetches);
    }

    [Fact]
    public async Task One_look_tells_how_far_it_is_and_gives_the_slot_back_at_the_end()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Processing("9", eta: 5), Answer.Success("9"));
        await _service.GenerateAsync(wait: false).GuardAsync();

        Generation first = await _service.Account.LookAsync(_service.Connection, "9", default).GuardAsync();
        Assert.Equal((GenerationStatus.Processing, 5.0, 1), (first.Status, first.Eta, _service.Account.Slots.Taken));
        Generation second = await _service.Account.LookAsync(_service.Connection, "9", default).GuardAsync();

        Assert.Equal((GenerationStatus.Success, 0), (second.Status, _service.Account.Slots.Taken));
    }

    [Fact]
    public async Task One_look_that_finds_nothing_out_is_an_error_and_no_loss()
    {
        _service.OnFetch(Answer.Html());

        FaceGenException fault = await Signals.FailureAsync(_service.Account.LookAsync(_service.Connection, "9", default).GuardAsync());

        Assert.Equal(ErrorCode.FetchFailed, fault.Code);
        Assert.Contains("It is not lost", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_seen_to_its_end_is_no_longer_kept()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Success("9"));
        await _service.GenerateAsync(wait: false).GuardAsync();

        _service.Account.MarkSeen("9");
        Assert.Equal(["9"], _service.Kept);
        await WaitAsync("9");
        _service.Account.MarkSeen("9");

        Assert.Empty(_service.Kept);
    }

    [Fact]
    public async Task What_is_being_saved_is_kept_until_each_image_stands_in_a_file()
    {
        _service.OnSubmit(Answer.Json("""{"status":"success","id":9,"output":["https://cdn.example/1.png","https://cdn.example/2.png"]}"""));
        Generation generation = await _service.GenerateAsync().GuardAsync();

        _service.Account.BeginSaving(_service.Connection, generation);
        _service.Account.MarkSeen("9");
        _service.Account.MarkSaved("9", 1);
        Assert.Equal(["9"], _service.Kept);
        _service.Account.MarkSaved("9", 0);

        Assert.Empty(_service.Kept);
    }

    [Fact]
    public async Task The_oldest_generation_is_first_among_those_that_are_kept()
    {
        using var service = new FakeService();
        service.OnSubmit(Answer.Success("5"), Answer.Success("3"), Answer.Success("4"));
        for (int i = 0; i < 3; i++)
        {
            await service.GenerateAsync().GuardAsync();
            await service.Clock.PassAsync(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["5", "3", "4"], service.Kept);
    }

    private Task<Generation> WaitAsync(string id) => _service.Clock.RunAsync(
        _service.Generator.WaitAsync(_service.Account.Recall(id), Forever, default));
}
