using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;

namespace FaceGen.Core.Tests.Generating;

/// <summary>Tests the expiry of generations that never end, and of images that are not saved.</summary>
public sealed class ExpiryTests : IDisposable
{
    private static readonly TimeSpan Forever = System.Threading.Timeout.InfiniteTimeSpan;
    private static readonly TimeSpan Life = TimeSpan.FromHours(Limits.LinkLifetimeHours);

    private readonly FakeService _service = new();

    public void Dispose() => _service.Dispose();

    public static TheoryData<string> EndlessResponses => ["processing", "unknown status", "busy", "html", "unreachable"];

    [Theory]
    [MemberData(nameof(EndlessResponses))]
    public async Task Poll_loop_ends_when_the_image_would_have_expired(string response)
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(Endless(response));
        DateTimeOffset start = _service.Clock.GetUtcNow();
        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.Generator.WaitAsync(accepted, Forever, default)));

        Assert.Equal(ErrorCode.GenerationTimeout, fault.Code);
        Assert.Contains("Generation 9", fault.Message, StringComparison.Ordinal);
        Assert.Contains("24 hours", fault.Message, StringComparison.Ordinal);
        Assert.InRange(_service.Clock.GetUtcNow() - start, Life - TimeSpan.FromMinutes(5), Life + TimeSpan.FromMinutes(5));
        // Nothing is polled any more, and only the outcome is kept.
        int fetches = _service.Fetches.Count;
        await _service.Clock.AdvanceAsync(TimeSpan.FromHours(2));
        Assert.Equal(fetches, _service.Fetches.Count);
        Assert.Empty(_service.Pending);
        Assert.Equal(0, _service.Account.Slots.InUse);
    }

    [Fact]
    public async Task Generation_expired_without_waiter_is_evicted_and_reported_once()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Processing("9"));
        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        PendingGeneration pending = _service.Account.Find("9")!;

        await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(pending.WaitForEndAsync(_service.Connection)));

        Assert.Empty(_service.Pending);
        (FaceGenException outcome, object target) = Assert.Single(_service.Account.UnacknowledgedOutcomes);
        Assert.Equal(ErrorCode.GenerationTimeout, outcome.Code);
        Assert.Equal(accepted.Id, Assert.IsType<Generation>(target).Id);
        Account.MarkAcknowledged(_service.Connection.Services, outcome);
        Assert.Empty(_service.Account.UnacknowledgedOutcomes);
    }

    [Fact]
    public async Task Generation_finished_at_last_poll_is_returned()
    {
        DateTimeOffset end = _service.Clock.GetUtcNow() + Life;
        ScriptedResponse late = ScriptedResponse.Success("9"), pending = ScriptedResponse.Processing("9");
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(late with { Give = cancel => (_service.Clock.GetUtcNow() >= end ? late : pending).Give(cancel) });

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(GenerationStatus.Success, generation.StatusValue);
    }

    [Fact]
    public async Task Generation_wall_clock_changed_does_not_expire()
    {
        // By the wall clock it was created days ago.
        var left = new Generation { Id = "9", CreatedAt = _service.Clock.GetUtcNow().AddDays(-3), Request = FakeService.Request() };
        _service.OnFetch(ScriptedResponse.Processing("9"), ScriptedResponse.Processing("9"), ScriptedResponse.Success("9"));

        Generation generation = await _service.Clock.RunAsync(_service.Generator.ResumeAsync(left, Forever, default));

        Assert.Equal(GenerationStatus.Success, generation.StatusValue);
    }

    [Fact]
    public async Task Generation_finished_and_not_saved_is_evicted_and_reported_at_expiry()
    {
        _service.OnSubmit(ScriptedResponse.Success("9"));
        await _service.GenerateAsync().WithTimeoutAsync();

        await _service.Clock.AdvanceAsync(Life - TimeSpan.FromMinutes(1));
        Assert.Equal(["9"], _service.Pending);
        await _service.Clock.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Empty(_service.Pending);
        (FaceGenException outcome, _) = Assert.Single(_service.Account.UnacknowledgedOutcomes);
        Assert.Equal(ErrorCode.LinkExpired, outcome.Code);
        Assert.Contains("generation 9", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generation_failed_and_not_seen_is_evicted_and_reported_at_expiry()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"failed","id":9,"message":"No face found."}"""));
        await _service.GenerateAsync().WithTimeoutAsync();

        await _service.Clock.AdvanceAsync(Life);

        Assert.Empty(_service.Pending);
        Assert.Equal(ErrorCode.GenerationFailed, Assert.Single(_service.Account.UnacknowledgedOutcomes).Outcome.Code);
    }

    [Fact]
    public async Task Generation_with_inline_images_does_not_expire()
    {
        _service.OnSubmit(ScriptedResponse.Success("9", Convert.ToBase64String(new byte[100])));
        await _service.GenerateAsync().WithTimeoutAsync();

        await _service.Clock.AdvanceAsync(TimeSpan.FromDays(3));

        Assert.Equal(["9"], _service.Pending);
    }

    [Fact]
    public async Task Generation_not_found_is_evicted_at_expiry()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Error("Invalid id"));
        await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.GenerateAsync()));
        Assert.Equal(["9"], _service.Pending);

        await _service.Clock.AdvanceAsync(Life);

        Assert.Empty(_service.Pending);
        Assert.Equal(ErrorCode.GenerationTimeout, Assert.Single(_service.Account.UnacknowledgedOutcomes).Outcome.Code);
    }

    [Fact]
    public async Task Generation_error_of_service_at_expiry_is_unchanged()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(ScriptedResponse.Error("Request not found", 404));
        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.Account.Find("9")!.WaitForEndAsync(_service.Connection)));
        await _service.Clock.AdvanceAsync(Life);

        FaceGenException fault = await TaskAssertions.GetErrorAsync(_service.Clock.RunAsync(_service.Generator.WaitAsync(accepted, Forever, default)));

        Assert.Equal(ErrorCode.GenerationNotFound, fault.Code);
    }

    [Fact]
    public async Task Account_adding_generations_evicts_expired_ones()
    {
        const int count = 1100;
        using var service = new FakeService(queueLimit: count);
        service.OnSubmit([.. Enumerable.Range(0, 2 * count).Select(id => ScriptedResponse.Success($"{id}"))]);
        for (int i = 0; i < count; i++) await service.GenerateAsync().WithTimeoutAsync();
        await service.Clock.AdvanceAsync(Life);

        for (int i = 0; i < count; i++) await service.GenerateAsync().WithTimeoutAsync();

        Assert.Null(service.Account.Find("0"));
        Assert.NotNull(service.Account.Find($"{2 * count - 1}"));
    }

    [Fact]
    public async Task Unknown_status_warns_once_per_status()
    {
        _service.OnSubmit(Unknown("9", "dreaming")).OnFetch(Unknown("9", "dreaming"), Unknown("9", "waking"), Unknown("9", "dreaming"), ScriptedResponse.Success("9"));

        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(_service.GenerateAsync())).StatusValue);
        _service.OnFetch(Unknown("10", "dreaming"), ScriptedResponse.Success("10"));
        await _service.Clock.RunAsync(_service.Generator.WaitAsync(_service.Account.GetGeneration("10"), Forever, default));

        Assert.Equal(2, _service.WarningMessages.Count);
        Assert.Contains(_service.WarningMessages, line => line.Contains("'dreaming'", StringComparison.Ordinal));
        Assert.Contains(_service.WarningMessages, line => line.Contains("'waking'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Unknown_status_without_log_warns_in_next_command()
    {
        _service.OnSubmit(ScriptedResponse.Processing("9")).OnFetch(Unknown("9", "dreaming"), ScriptedResponse.Success("9"));
        Generation accepted = await _service.GenerateAsync(wait: false).WithTimeoutAsync();
        await _service.Clock.RunAsync(_service.Account.Find("9")!.WaitForEndAsync(_service.Connection));
        Assert.Empty(_service.WarningMessages);

        await _service.Generator.WaitAsync(accepted, Forever, default).WithTimeoutAsync();

        Assert.Single(_service.WarningMessages);
    }

    [Fact]
    public void Unknown_status_warnings_are_bounded()
    {
        using IDisposable listening = _service.Account.Warnings.Subscribe(_service);

        for (int i = 0; i < 10 * AccountWarnings.Capacity; i++) _service.Account.Warnings.LogWarning($"{i}", $"{i}");

        Assert.Equal(AccountWarnings.Capacity, _service.WarningMessages.Count);
    }

    private static ScriptedResponse Unknown(string id, string word) => ScriptedResponse.Json($$"""{"status":"{{word}}","id":{{id}},"output":[]}""");

    private static ScriptedResponse Endless(string response) => response switch
    {
        "processing" => ScriptedResponse.Processing("9"),
        "unknown status" => Unknown("9", "dreaming"),
        "busy" => ScriptedResponse.Error("busy", 503),
        "html" => ScriptedResponse.Html(),
        _ => ScriptedResponse.NotConnected,
    };
}
