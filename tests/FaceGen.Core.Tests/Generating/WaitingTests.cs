using FaceGen.Core.Tests.Support;
using FaceGen.Generating;

namespace FaceGen.Core.Tests.Generating;

public sealed class WaitingTests : IDisposable
{
    private static readonly TimeSpan Forever = System.Threading.Timeout.InfiniteTimeSpan;

    private readonly FakeService _service = new(queueLimit: 1);

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Wait_polls_until_ready()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9", eta: 3)).OnFetch(ScriptedResponse.Processing("9"), ScriptedResponse.Processing("9"), ScriptedResponse.Success("9"));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal((GenerationStatus.Success, 7L, 1), (generation.StatusValue, generation.Seed, generation.ImageCount));
        Assert.Equal(3, _service.Fetches.Count);
        Assert.All(_service.Fetches, call => Assert.EndsWith("/api/v6/image_editing/fetch/9", call.Address.AbsoluteUri, StringComparison.Ordinal));
        Assert.All(_service.Fetches, call => Assert.Equal(_service.Fetches[0].Body, call.Body));
        Assert.Single(_service.Submissions);
    }

    [Fact]
    public async Task Wait_releases_slot_at_end()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.Processing()).OnFetch(ScriptedResponse.Processing(), ScriptedResponse.After(response.Task));

        Task<Generation> generating = _service.Clock.RunAsync(_service.GenerateAsync());
        await _service.WaitForCallAsync();
        await _service.WaitForCallAsync();
        await _service.WaitForCallAsync();
        Task<Slots.Slot> next = _service.Generator.AcquireSlotAsync(default);
        Assert.Equal(1, _service.Account.Slots.InUse);
        Assert.False(next.IsCompleted);
        response.SetResult(ScriptedResponse.Success());

        await generating;
        (await next.WithTimeoutAsync()).Dispose();
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task NoWait_releases_slot_at_end()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9"), ScriptedResponse.Success("9"));

        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        Assert.Equal((GenerationStatus.Processing, 2.0), (accepted.StatusValue, accepted.Eta));
        Assert.Equal(1, _service.Account.Slots.InUse);

        // No command waits for the generation: only for its slot.
        (await _service.Clock.RunAsync(_service.Generator.AcquireSlotAsync(default))).Dispose();
        Assert.Equal(GenerationStatus.Success, _service.Account.Find("9")?.Latest.StatusValue);
        Assert.Equal(["9"], _service.Pending);
    }

    [Fact]
    public async Task Wait_timeout_keeps_generation()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9"));

        Task<Generation> generating = _service.GenerateAsync(timeout: TimeSpan.FromSeconds(60));
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(61));
        FaceGenException fault = await TaskAssertions.GetErrorAsync(generating);

        Assert.Equal(ErrorCode.GenerationTimeout, fault.Code);
        Assert.Contains("Wait-FaceGenImage -Id 9", fault.Message, StringComparison.Ordinal);
        Assert.Equal(["9"], _service.Pending);
        Assert.Equal(1, _service.Account.Slots.InUse);
        _service.OnFetch(ScriptedResponse.Success("9"));
        Generation again = await WaitAsync("9");
        Assert.Equal(GenerationStatus.Success, again.StatusValue);
    }

    [Fact]
    public async Task Wait_timeout_in_flight_keeps_generation()
    {
        var response = new TaskCompletionSource<ScriptedResponse>();
        _service.OnSubmit(ScriptedResponse.After(response.Task)).OnFetch(ScriptedResponse.Processing("9"));

        Task<Generation> generating = _service.GenerateAsync(timeout: TimeSpan.FromSeconds(10));
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(11));

        Assert.Equal(ErrorCode.GenerationTimeout, (await TaskAssertions.GetErrorAsync(generating.WithTimeoutAsync())).Code);
        response.SetResult(ScriptedResponse.Processing("9"));
        await _service.Account.WaitForTrackedWorkAsync(default).WithTimeoutAsync();
        Assert.Equal(["9"], _service.Pending);
    }

    [Fact]
    public async Task Wait_canceled_keeps_generation()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9"));
        using var stop = new CancellationTokenSource();

        Task<Generation> generating = _service.GenerateAsync(cancellationToken: stop.Token);
        await _service.WaitForCallAsync();
        await _service.Account.WaitForTrackedWorkAsync(default).WithTimeoutAsync();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generating.WithTimeoutAsync());
        Assert.Equal(["9"], _service.Pending);
        _service.OnFetch(ScriptedResponse.Success("9"));
        Assert.Equal(GenerationStatus.Success, (await WaitAsync("9")).StatusValue);
    }

    /// <summary>Its duration is unknown: it may have ended long before the first poll.</summary>
    [Fact]
    public async Task Wait_finished_generation_of_earlier_process_is_not_learned()
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
        // As soon as without history, by the eta alone: two seconds.
        Assert.InRange((_service.Clock.GetUtcNow() - start).TotalSeconds, 0.5, 3);
    }

    [Fact]
    public async Task Wait_transient_faults_are_retried()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(
            ScriptedResponse.Html(), ScriptedResponse.Empty(500), ScriptedResponse.Error("busy", 503), ScriptedResponse.QueueFull(20), ScriptedResponse.Html(200), ScriptedResponse.ConnectionLost,
            ScriptedResponse.NotConnected, ScriptedResponse.Json("{\"status\":\"success\",\"id\":9,\"output\":[]}"), ScriptedResponse.Success("9"));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(GenerationStatus.Success, generation.StatusValue);
        Assert.Equal(9, _service.Fetches.Count);
    }

    [Fact]
    public async Task Wait_logs_each_delay()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Error("busy", 503), ScriptedResponse.Success("9"));

        await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal("The service did not report the status of generation 9 (HTTP 503: busy). Retrying in 0.5 s.", Assert.Single(_service.VerboseMessages));
    }

    [Fact]
    public async Task Wait_poll_without_response_is_retried()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.NoResponse, ScriptedResponse.Success("9"));

        Task<Generation> generating = _service.GenerateAsync();
        await _service.WaitForCallAsync();
        // Without history the first poll comes within five seconds.
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(5));
        await _service.WaitForCallAsync();
        await _service.Clock.AdvanceAsync(TimeSpan.FromSeconds(Connection.DefaultTimeoutSec));

        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(generating)).StatusValue);
    }

    [Fact]
    public async Task Wait_id_unknown_for_a_moment_is_retried()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Empty(404), ScriptedResponse.Error("Invalid id"), ScriptedResponse.Success("9"));

        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(_service.GenerateAsync())).StatusValue);
    }

    [Fact]
    public async Task Wait_submitted_id_denied_six_times_is_not_found()
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

        FaceGenException fault = await TaskAssertions.GetErrorAsync(service.Clock.RunAsync(service.GenerateAsync()));

        Assert.Equal(ErrorCode.GenerationNotFound, fault.Code);
        Assert.Equal(6, service.Fetches.Count);
        Assert.Equal(["9"], service.Pending);
        // The generation may be pending nevertheless: its slot is kept for a while after the last poll.
        using Slots.Slot slot = await service.Clock.RunAsync(service.Generator.AcquireSlotAsync(CancellationToken.None));
        Assert.Equal(10, (service.Clock.GetUtcNow() - service.Fetches[^1].At).TotalSeconds);
    }

    [Fact]
    public async Task Wait_mistyped_id_is_not_kept()
    {
        _service.OnFetch(ScriptedResponse.Error("Invalid id"));

        Assert.Equal(ErrorCode.GenerationNotFound, (await TaskAssertions.GetErrorAsync(WaitAsync("404"))).Code);
        Assert.Empty(_service.Pending);
    }

    [Fact]
    public async Task Wait_concurrent_callers_share_one_poller()
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
    public async Task Wait_canceled_caller_does_not_cancel_others()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        using var stop = new CancellationTokenSource();

        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        Task<Generation> first = _service.Generator.WaitAsync(accepted, Forever, stop.Token);
        Task<Generation> second = _service.Generator.WaitAsync(accepted, Forever, default);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WithTimeoutAsync());
        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(second)).StatusValue);
    }

    [Fact]
    public async Task Wait_failed_generation_has_message()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Json("""{"status":"failed","id":9,"message":"No face found.","output":["https://cdn.example/x.png"]}"""));

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal((GenerationStatus.Failed, "No face found."), (generation.StatusValue, generation.Message));
        Assert.Empty(generation.Output);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Wait_key_rejected_keeps_generation()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Error("Invalid key", 401));

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync()));
        Assert.Equal((ErrorCode.KeyRejected, true), (fault.Code, fault.EndsRun));
        Assert.Equal(["9"], _service.Pending);

        _service.OnFetch(ScriptedResponse.Success("9"));
        Assert.Equal(GenerationStatus.Success, (await WaitAsync("9")).StatusValue);
    }

    [Fact]
    public async Task Wait_disconnected_is_resumed_by_next_connection()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();

        _service.Connection.Dispose();
        Assert.Equal(["9"], _service.Pending);
        Generation end = await _service.Clock.RunAsync(new Generator(_service.Connect()).WaitAsync(accepted, Forever, default));

        Assert.Equal(GenerationStatus.Success, end.StatusValue);
    }

    [Fact]
    public async Task Wait_polling_connection_disconnected_another_takes_over()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();

        Task<Generation> waiting = new Generator(_service.Connect()).WaitAsync(accepted, Forever, default);
        Task<Generation> ended = _service.Generator.WaitAsync(accepted, Forever, default);
        _service.Connection.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ended.WithTimeoutAsync());
        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(waiting)).StatusValue);
    }

    [Fact]
    public async Task Wait_id_of_another_session_is_polled()
    {
        _service.OnFetch(ScriptedResponse.Processing("55"), ScriptedResponse.Json(
            """{"status":"success","id":55,"output":["https://cdn.example/1.png"],"meta":{"prompt":"a diver","seed":3}}"""));

        Generation generation = await _service.Clock.RunAsync(
            _service.Generator.WaitAsync(_service.Account.GetGeneration("55"), Forever, default));

        Assert.Equal(("55", "a diver", 3L, null), (generation.Id, generation.Prompt, generation.Seed, generation.Request));
    }

    [Fact]
    public async Task Wait_finished_generation_is_not_polled()
    {
        _service.OnSubmit(ScriptedResponse.Success());
        Generation generation = await _service.GenerateAsync().WithTimeoutAsync();

        Assert.Same(generation, await _service.Generator.WaitAsync(generation, TimeSpan.Zero, default).WithTimeoutAsync());
        Assert.Empty(_service.Fetches);
    }

    [Fact]
    public async Task Fetch_reports_state_and_releases_slot_at_end()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9", eta: 5), ScriptedResponse.Success("9"));
        await _service.GenerateAsync(wait: false).WithTimeoutAsync();

        Generation first = await _service.Account.FetchAsync(_service.Connection, "9", null, default).WithTimeoutAsync();
        Assert.Equal((GenerationStatus.Processing, 5.0, 1), (first.StatusValue, first.Eta, _service.Account.Slots.InUse));
        Generation second = await _service.Account.FetchAsync(_service.Connection, "9", null, default).WithTimeoutAsync();

        Assert.Equal((GenerationStatus.Success, 0), (second.StatusValue, _service.Account.Slots.InUse));
    }

    [Fact]
    public async Task Fetch_without_state_fails_and_keeps_generation()
    {
        _service.OnFetch(ScriptedResponse.Html());

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Account.FetchAsync(_service.Connection, "9", null, default).WithTimeoutAsync());

        Assert.Equal(ErrorCode.FetchFailed, fault.Code);
        Assert.Contains("not lost", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Account_acknowledged_generation_is_removed()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Success("9"));
        await _service.GenerateAsync(wait: false).WithTimeoutAsync();

        _service.Account.MarkAcknowledged("9");
        Assert.Equal(["9"], _service.Pending);
        await WaitAsync("9");
        _service.Account.MarkAcknowledged("9");

        Assert.Empty(_service.Pending);
    }

    [Fact]
    public async Task Account_generation_is_kept_until_all_images_are_saved()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"success","id":9,"output":["https://cdn.example/1.png","https://cdn.example/2.png"]}"""));
        Generation generation = await _service.GenerateAsync().WithTimeoutAsync();

        _service.Account.BeginSaving(_service.Connection, generation);
        _service.Account.MarkAcknowledged("9");
        _service.Account.MarkSaved("9", 1);
        Assert.Equal(["9"], _service.Pending);
        _service.Account.MarkSaved("9", 0);

        Assert.Empty(_service.Pending);
    }

    [Fact]
    public async Task Account_pending_generations_are_oldest_first()
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
