using FaceGen.Core.Tests.Support;
using FaceGen.Generating;

namespace FaceGen.Core.Tests.Generating;

public sealed class WaitingTests : IDisposable
{
    private static readonly TimeSpan Forever = System.Threading.Timeout.InfiniteTimeSpan;

    private readonly FakeService _service = new(queueLimit: 1);

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task A_generation_is_looked_at_until_it_is_ready()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9", eta: 3)).OnFetch(ScriptedResponse.Processing("9"), ScriptedResponse.Processing("9"), ScriptedResponse.Success("9"));

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
        var answer = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.Processing()).OnFetch(ScriptedResponse.Processing(), ScriptedResponse.After(answer.Task));

        Task<Generation> generating = _service.Clock.RunAsync(_service.GenerateAsync());
        await _service.WaitForCallAsync();
        await _service.WaitForCallAsync();
        await _service.WaitForCallAsync();
        Task<Slots.Slot> next = _service.Generator.AcquireSlotAsync(default);
        Assert.Equal(1, _service.Account.Slots.InUse);
        Assert.False(next.IsCompleted);
        answer.SetResult(ScriptedResponse.Success());

        await generating;
        (await next.WithTimeoutAsync()).Dispose();
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Without_waiting_the_slot_is_kept_until_the_end_was_seen()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9"), ScriptedResponse.Success("9"));

        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        Assert.Equal((GenerationStatus.Processing, 2.0), (accepted.Status, accepted.Eta));
        Assert.Equal(1, _service.Account.Slots.InUse);

        // Nobody waits for the generation: only for its slot.
        (await _service.Clock.RunAsync(_service.Generator.AcquireSlotAsync(default))).Dispose();
        Assert.Equal(GenerationStatus.Success, _service.Account.Find("9")?.Latest.Status);
        Assert.Equal(["9"], _service.Pending);
    }

    [Fact]
    public async Task A_generation_that_takes_too_long_is_kept_and_can_be_waited_for_again()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9"));

        Task<Generation> generating = _service.GenerateAsync(timeout: TimeSpan.FromSeconds(60));
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(61));
        FaceGenException fault = await Signals.GetErrorAsync(generating);

        Assert.Equal(ErrorCode.GenerationTimeout, fault.Code);
        Assert.Contains("Wait-FaceGenImage -Id 9", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["9"], _service.Pending);
        Assert.Equal(1, _service.Account.Slots.InUse);
        _service.OnFetch(ScriptedResponse.Success("9"));
        Generation again = await WaitAsync("9");
        Assert.Equal(GenerationStatus.Success, again.Status);
    }

    [Fact]
    public async Task A_time_that_is_over_while_the_submission_is_out_loses_nothing()
    {
        var answer = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(answer.Task)).OnFetch(ScriptedResponse.Processing("9"));

        Task<Generation> generating = _service.GenerateAsync(timeout: TimeSpan.FromSeconds(10));
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(11));

        Assert.Equal(ErrorCode.GenerationTimeout, (await Signals.GetErrorAsync(generating.WithTimeoutAsync())).Code);
        answer.SetResult(ScriptedResponse.Processing("9"));
        await _service.Account.WaitForInFlightAsync(default).WithTimeoutAsync();
        Assert.Equal(["9"], _service.Pending);
    }

    [Fact]
    public async Task A_stop_while_waiting_leaves_the_generation_where_it_is_found_again()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9"));
        using var stop = new CancellationTokenSource();

        Task<Generation> generating = _service.GenerateAsync(cancellationToken: stop.Token);
        await _service.WaitForCallAsync();
        await _service.Account.WaitForInFlightAsync(default).WithTimeoutAsync();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generating.WithTimeoutAsync());
        Assert.Equal(["9"], _service.Pending);
        _service.OnFetch(ScriptedResponse.Success("9"));
        Assert.Equal(GenerationStatus.Success, (await WaitAsync("9")).Status);
    }

    /// <summary>How long it took is unknown: it may have ended long before anybody looked.</summary>
    [Fact]
    public async Task A_generation_of_an_earlier_process_that_has_ended_tells_nothing_of_how_long_one_takes()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        for (int id = 10; id < 15; id++)
        {
            _service.OnFetch(ScriptedResponse.Success($"{id}"));
            var left = new Generation { Id = $"{id}", CreatedAt = _service.Clock.GetUtcNow().AddHours(-2), Request = FakeService.Request() };
            await _service.Clock.RunAsync(_service.Generator.ResumeAsync(left, Forever, default));
        }

        Assert.Equal(TimeSpan.FromSeconds(10), _service.Account.AssumedDuration);
        DateTimeOffset start = _service.Clock.GetUtcNow();
        _service.OnFetch(ScriptedResponse.Success("9"));
        await _service.Clock.RunAsync(_service.GenerateAsync());
        // As soon as where nothing is known, but for what the service expects: two seconds.
        Assert.InRange((_service.Clock.GetUtcNow() - start).TotalSeconds, 0.5, 3);
    }

    [Fact]
    public async Task Trouble_of_the_service_is_waited_out()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(
            ScriptedResponse.Html(), ScriptedResponse.Empty(500), ScriptedResponse.Error("busy", 503), ScriptedResponse.QueueFull(20), ScriptedResponse.Html(200), ScriptedResponse.ConnectionLost,
            ScriptedResponse.NotConnected, ScriptedResponse.Json("{\"status\":\"success\",\"id\":9,\"output\":[]}"), ScriptedResponse.Success("9"));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(GenerationStatus.Success, generation.Status);
        Assert.Equal(9, _service.Fetches.Count);
    }

    [Fact]
    public async Task Who_waits_is_told_what_is_waited_for()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Error("busy", 503), ScriptedResponse.Success("9"));

        await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal("The service did not say how generation 9 is (HTTP 503: busy): asking again in 0.5 seconds.", Assert.Single(_service.VerboseMessages));
    }

    [Fact]
    public async Task A_look_without_an_answer_is_repeated()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.NoResponse, ScriptedResponse.Success("9"));

        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();
        // While nothing is known of the service, the first look comes within five seconds.
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(5));
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(Connection.DefaultTimeoutSec));

        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(generating)).Status);
    }

    [Fact]
    public async Task An_id_that_is_unknown_for_a_moment_is_asked_for_again()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Empty(404), ScriptedResponse.Error("Invalid id"), ScriptedResponse.Success("9"));

        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(_service.GenerateAsync())).Status);
    }

    [Fact]
    public async Task An_id_that_was_given_out_and_denied_six_times_is_not_found()
    {
        using var service = new FakeService(queueLimit: 1);
        DateTimeOffset denied = default;
        ScriptedResponse denial = ScriptedResponse.Error("Invalid id");
        service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(denial with
        {
            Give = cancel =>
            {
                denied = service.Clock.GetUtcNow();
                return denial.Give(cancel);
            },
        });

        FaceGenException fault = await Signals.GetErrorAsync(service.Clock.RunAsync(service.GenerateAsync()));

        Assert.Equal(ErrorCode.GenerationNotFound, fault.Code);
        Assert.Equal(6, service.Fetches.Count);
        Assert.Equal(["9"], service.Pending);
        // The service may be at work on it all the same: its place is kept for a while after the last look.
        using Slots.Slot place = await service.Clock.RunAsync(service.Generator.AcquireSlotAsync(CancellationToken.None));
        Assert.Equal(10, (service.Clock.GetUtcNow() - service.Fetches[^1].At).TotalSeconds);
    }

    [Fact]
    public async Task An_id_that_nobody_knows_is_not_kept()
    {
        _service.OnFetch(ScriptedResponse.Error("Invalid id"));

        Assert.Equal(ErrorCode.GenerationNotFound, (await Signals.GetErrorAsync(WaitAsync("404"))).Code);
        Assert.Empty(_service.Pending);
    }

    [Fact]
    public async Task Whoever_waits_shares_one_poller()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9"), ScriptedResponse.Processing("9"), ScriptedResponse.Success("9"));

        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();
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
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        using var stop = new CancellationTokenSource();

        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        Task<Generation> first = _service.Generator.WaitAsync(accepted, Forever, stop.Token);
        Task<Generation> second = _service.Generator.WaitAsync(accepted, Forever, default);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WithTimeoutAsync());
        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(second)).Status);
    }

    [Fact]
    public async Task A_generation_that_the_service_could_not_make_has_failed_and_says_why()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Json("""{"status":"failed","id":9,"message":"No face found.","output":["https://cdn.example/x.png"]}"""));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal((GenerationStatus.Failed, "No face found."), (generation.Status, generation.Message));
        Assert.Empty(generation.Output);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task A_key_that_died_meanwhile_loses_nothing()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Error("Invalid key", 401));

        FaceGenException fault = await Signals.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync()));
        Assert.Equal((ErrorCode.KeyRejected, true), (fault.Code, fault.EndsRun));
        Assert.Equal(["9"], _service.Pending);

        _service.OnFetch(ScriptedResponse.Success("9"));
        Assert.Equal(GenerationStatus.Success, (await WaitAsync("9")).Status);
    }

    [Fact]
    public async Task A_connection_that_was_ended_leaves_its_generations_to_the_next_one()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();

        _service.Connection.Dispose();
        Assert.Equal(["9"], _service.Pending);
        Generation end = await _service.Clock.RunAsync(new Generator(_service.Connect()).WaitAsync(accepted, Forever, default));

        Assert.Equal(GenerationStatus.Success, end.Status);
    }

    [Fact]
    public async Task Who_waits_with_another_connection_goes_on_when_the_one_that_watched_is_ended()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();

        Task<Generation> waiting = new Generator(_service.Connect()).WaitAsync(accepted, Forever, default);
        Task<Generation> ended = _service.Generator.WaitAsync(accepted, Forever, default);
        _service.Connection.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ended.WithTimeoutAsync());
        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(waiting)).Status);
    }

    [Fact]
    public async Task An_id_of_another_session_can_be_waited_for()
    {
        _service.OnFetch(ScriptedResponse.Processing("55"), ScriptedResponse.Json(
            """{"status":"success","id":55,"output":["https://cdn.example/1.png"],"meta":{"prompt":"a diver","seed":3}}"""));

        Generation generation = await _service.Clock.RunAsync(
            _service.Generator.WaitAsync(_service.Account.GetGeneration("55"), Forever, default));

        Assert.Equal(("55", "a diver", 3L, null), (generation.Id, generation.Prompt, generation.Seed, generation.Request));
    }

    [Fact]
    public async Task What_has_ended_is_not_looked_at_again()
    {
        _service.OnSubmit(ScriptedResponse.Success());
        Generation generation = await _service.GenerateAsync().WithTimeoutAsync();

        Assert.Same(generation, await _service.Generator.WaitAsync(generation, TimeSpan.Zero, default).WithTimeoutAsync());
        Assert.Empty(_service.Fetches);
    }

    [Fact]
    public async Task One_look_tells_how_far_it_is_and_gives_the_slot_back_at_the_end()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9", eta: 5), ScriptedResponse.Success("9"));
        await _service.GenerateAsync(wait: false).WithTimeoutAsync();

        Generation first = await _service.Account.FetchAsync(_service.Connection, "9", default).WithTimeoutAsync();
        Assert.Equal((GenerationStatus.Processing, 5.0, 1), (first.Status, first.Eta, _service.Account.Slots.InUse));
        Generation second = await _service.Account.FetchAsync(_service.Connection, "9", default).WithTimeoutAsync();

        Assert.Equal((GenerationStatus.Success, 0), (second.Status, _service.Account.Slots.InUse));
    }

    [Fact]
    public async Task One_look_that_finds_nothing_out_is_an_error_and_no_loss()
    {
        _service.OnFetch(ScriptedResponse.Html());

        FaceGenException fault = await Signals.GetErrorAsync(_service.Account.FetchAsync(_service.Connection, "9", default).WithTimeoutAsync());

        Assert.Equal(ErrorCode.FetchFailed, fault.Code);
        Assert.Contains("It is not lost", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_seen_to_its_end_is_no_longer_kept()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        await _service.GenerateAsync(wait: false).WithTimeoutAsync();

        _service.Account.MarkSeen("9");
        Assert.Equal(["9"], _service.Pending);
        await WaitAsync("9");
        _service.Account.MarkSeen("9");

        Assert.Empty(_service.Pending);
    }

    [Fact]
    public async Task What_is_being_saved_is_kept_until_each_image_stands_in_a_file()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"success","id":9,"output":["https://cdn.example/1.png","https://cdn.example/2.png"]}"""));
        Generation generation = await _service.GenerateAsync().WithTimeoutAsync();

        _service.Account.BeginSaving(_service.Connection, generation);
        _service.Account.MarkSeen("9");
        _service.Account.MarkSaved("9", 1);
        Assert.Equal(["9"], _service.Pending);
        _service.Account.MarkSaved("9", 0);

        Assert.Empty(_service.Pending);
    }

    [Fact]
    public async Task The_oldest_generation_is_first_among_those_that_are_kept()
    {
        using var service = new FakeService();
        service.OnSubmit(ScriptedResponse.Success("5"), ScriptedResponse.Success("3"), ScriptedResponse.Success("4"));
        for (int i = 0; i < 3; i++)
        {
            await service.GenerateAsync().WithTimeoutAsync();
            await service.Clock.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["5", "3", "4"], service.Pending);
    }

    private Task<Generation> WaitAsync(string id) => _service.Clock.RunAsync(
        _service.Generator.WaitAsync(_service.Account.GetGeneration(id), Forever, default));
}
