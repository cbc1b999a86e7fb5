using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FaceGen.Generating;

namespace FaceGen.Core.Tests.Generating;

/// <summary>What becomes of a generation that the service never says to have ended, and of images that nobody saves.</summary>
public sealed class ExpiryTests : IDisposable
{
    private static readonly TimeSpan Forever = System.Threading.Timeout.InfiniteTimeSpan;
    private static readonly TimeSpan Life = TimeSpan.FromHours(Limits.LinkHours);

    private readonly FakeService _service = new();

    public void Dispose() => _service.Dispose();

    public static TheoryData<string> EndlessAnswers => ["processing", "unknown status", "busy", "html", "unreachable"];

    [Theory]
    [MemberData(nameof(EndlessAnswers))]
    public async Task Poll_loop_ends_when_the_image_would_have_expired(string answer)
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Endless(answer));
        DateTimeOffset start = _service.Clock.GetUtcNow();
        Generation accepted = await _service.GenerateAsync(wait: false).GuardAsync();

        FaceGenException fault = await Signals.FailureAsync(_service.Clock.RunAsync(_service.Generator.WaitAsync(accepted, Forever, default)));

        Assert.Equal(ErrorCode.GenerationTimeout, fault.Code);
        Assert.Contains("Generation 9", fault.Message, StringComparison.Ordinal);
        Assert.Contains("24 hours", fault.Message, StringComparison.Ordinal);
        Assert.InRange(_service.Clock.GetUtcNow() - start, Life - TimeSpan.FromMinutes(5), Life + TimeSpan.FromMinutes(5));
        // Nothing is polled any more, and nothing is kept but the outcome.
        int fetches = _service.Fetches.Count;
        await _service.Clock.PassAsync(TimeSpan.FromHours(2));
        Assert.Equal(fetches, _service.Fetches.Count);
        Assert.Empty(_service.Kept);
        Assert.Equal(0, _service.Account.Slots.Taken);
    }

    [Fact]
    public async Task Generation_that_nobody_waits_for_is_evicted_at_expiry_and_reported_once()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Processing("9"));
        Generation accepted = await _service.GenerateAsync(wait: false).GuardAsync();
        Watch watch = _service.Account.Find("9")!;

        await Signals.FailureAsync(_service.Clock.RunAsync(watch.EndAsync(_service.Connection)));

        Assert.Empty(_service.Kept);
        (FaceGenException outcome, object target) = Assert.Single(_service.Account.Untold);
        Assert.Equal(ErrorCode.GenerationTimeout, outcome.Code);
        Assert.Equal(accepted.Id, Assert.IsType<Generation>(target).Id);
        Account.MarkTold(_service.Connection.Services, outcome);
        Assert.Empty(_service.Account.Untold);
    }

    [Fact]
    public async Task Generation_that_ends_with_the_last_poll_is_there()
    {
        DateTimeOffset end = _service.Clock.GetUtcNow() + Life;
        Answer late = Answer.Success("9"), pending = Answer.Processing("9");
        _service.OnSubmit(Answer.Processing("9")).OnFetch(late with { Give = cancel => (_service.Clock.GetUtcNow() >= end ? late : pending).Give(cancel) });

        Generation generation = await _service.Clock.RunAsync(_service.GenerateAsync());

        Assert.Equal(GenerationStatus.Success, generation.Status);
    }

    [Fact]
    public async Task Wall_clock_alone_expires_nothing()
    {
        // By the wall clock it was created days ago.
        var left = new Generation { Id = "9", CreatedAt = _service.Clock.GetUtcNow().AddDays(-3), Request = FakeService.Request() };
        _service.OnFetch(Answer.Processing("9"), Answer.Processing("9"), Answer.Success("9"));

        Generation generation = await _service.Clock.RunAsync(_service.Generator.ResumeAsync(left, Forever, default));

        Assert.Equal(GenerationStatus.Success, generation.Status);
    }

    [Fact]
    public async Task Finished_images_that_nobody_saved_are_evicted_at_expiry_and_reported()
    {
        _service.OnSubmit(Answer.Success("9"));
        await _service.GenerateAsync().GuardAsync();

        await _service.Clock.PassAsync(Life - TimeSpan.FromMinutes(1));
        Assert.Equal(["9"], _service.Kept);
        await _service.Clock.PassAsync(TimeSpan.FromMinutes(1));

        Assert.Empty(_service.Kept);
        (FaceGenException outcome, _) = Assert.Single(_service.Account.Untold);
        Assert.Equal(ErrorCode.LinkExpired, outcome.Code);
        Assert.Contains("generation 9", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_that_nobody_saw_is_evicted_at_expiry_and_reported()
    {
        _service.OnSubmit(Answer.Json("""{"status":"failed","id":9,"message":"No face found."}"""));
        await _service.GenerateAsync().GuardAsync();

        await _service.Clock.PassAsync(Life);

        Assert.Empty(_service.Kept);
        Assert.Equal(ErrorCode.GenerationFailed, Assert.Single(_service.Account.Untold).Outcome.Code);
    }

    [Fact]
    public async Task Images_in_place_do_not_expire()
    {
        _service.OnSubmit(Answer.Success("9", Convert.ToBase64String(new byte[100])));
        await _service.GenerateAsync().GuardAsync();

        await _service.Clock.PassAsync(TimeSpan.FromDays(3));

        Assert.Equal(["9"], _service.Kept);
    }

    [Fact]
    public async Task Generation_that_the_service_denied_is_evicted_at_expiry()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Error("Invalid id"));
        await Signals.FailureAsync(_service.Clock.RunAsync(_service.GenerateAsync()));
        Assert.Equal(["9"], _service.Kept);

        await _service.Clock.PassAsync(Life);

        Assert.Empty(_service.Kept);
        Assert.Equal(ErrorCode.GenerationTimeout, Assert.Single(_service.Account.Untold).Outcome.Code);
    }

    [Fact]
    public async Task Word_of_the_service_at_expiry_stays_as_it_is()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Answer.Error("Request not found", 404));
        Generation accepted = await _service.GenerateAsync(wait: false).GuardAsync();
        await Signals.FailureAsync(_service.Clock.RunAsync(_service.Account.Find("9")!.EndAsync(_service.Connection)));
        await _service.Clock.PassAsync(Life);

        FaceGenException fault = await Signals.FailureAsync(_service.Clock.RunAsync(_service.Generator.WaitAsync(accepted, Forever, default)));

        Assert.Equal(ErrorCode.GenerationNotFound, fault.Code);
    }

    [Fact]
    public async Task Expired_generations_are_evicted_as_others_are_added_though_nobody_lists_them()
    {
        const int count = 1100;
        using var service = new FakeService(queueLimit: count);
        service.OnSubmit([.. Enumerable.Range(0, 2 * count).Select(id => Answer.Success($"{id}"))]);
        for (int i = 0; i < count; i++) await service.GenerateAsync().GuardAsync();
        await service.Clock.PassAsync(Life);

        for (int i = 0; i < count; i++) await service.GenerateAsync().GuardAsync();

        Assert.Null(service.Account.Find("0"));
        Assert.NotNull(service.Account.Find($"{2 * count - 1}"));
    }

    [Fact]
    public async Task Unknown_status_is_warned_of_once_for_each_word()
    {
        _service.OnSubmit(Unknown("9", "dreaming")).OnFetch(Unknown("9", "dreaming"), Unknown("9", "waking"), Unknown("9", "dreaming"), Answer.Success("9"));

        Assert.Equal(GenerationStatus.Success, (await _service.Clock.RunAsync(_service.GenerateAsync())).Status);
        _service.OnFetch(Unknown("10", "dreaming"), Answer.Success("10"));
        await _service.Clock.RunAsync(_service.Generator.WaitAsync(_service.Account.Recall("10"), Forever, default));

        Assert.Equal(2, _service.Warned.Count);
        Assert.Contains(_service.Warned, line => line.Contains("'dreaming'", StringComparison.Ordinal));
        Assert.Contains(_service.Warned, line => line.Contains("'waking'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Unknown_status_that_came_while_nobody_listened_is_warned_of_by_the_next_command()
    {
        _service.OnSubmit(Answer.Processing("9")).OnFetch(Unknown("9", "dreaming"), Answer.Success("9"));
        Generation accepted = await _service.GenerateAsync(wait: false).GuardAsync();
        await _service.Clock.RunAsync(_service.Account.Find("9")!.EndAsync(_service.Connection));
        Assert.Empty(_service.Warned);

        await _service.Generator.WaitAsync(accepted, Forever, default).GuardAsync();

        Assert.Single(_service.Warned);
    }

    [Fact]
    public void Warnings_of_made_up_words_are_bounded()
    {
        using IDisposable listening = _service.Account.Warnings.Listen(_service);

        for (int i = 0; i < 10 * AccountWarnings.Capacity; i++) _service.Account.Warnings.Warn($"{i}", $"{i}");

        Assert.Equal(AccountWarnings.Capacity, _service.Warned.Count);
    }

    private static Answer Unknown(string id, string word) => Answer.Json($$"""{"status":"{{word}}","id":{{id}},"output":[]}""");

    private static Answer Endless(string answer) => answer switch
    {
        "processing" => Answer.Processing("9"),
        "unknown status" => Unknown("9", "dreaming"),
        "busy" => Answer.Error("busy", 503),
        "html" => Answer.Html(),
        _ => Answer.NotConnected,
    };
}
