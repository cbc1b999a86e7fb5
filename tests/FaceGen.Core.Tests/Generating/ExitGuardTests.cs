using FaceGen.Core.Tests.Support;
using FaceGen.Generating;

namespace FaceGen.Core.Tests.Generating;

/// <summary>Tests what an exiting process waits for and reports.</summary>
public sealed class ExitGuardTests : IDisposable
{
    private readonly FakeService _service = new();
    private readonly StringWriter _error = new();
    private readonly ExitGuard _guard;
    private string? _setting;

    public ExitGuardTests() => _guard = new ExitGuard(() => [_service.Account], () => _error, _service.Clock, () => _setting);

    public void Dispose()
    {
        _guard.Dispose();
        _service.Dispose();
        _error.Dispose();
    }

    [Fact]
    public async Task Exit_without_work_ends_at_once_without_output()
    {
        await _guard.DrainAsync().WithTimeoutAsync();

        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task Exit_waits_for_a_submission_in_flight()
    {
        var response = new TaskCompletionSource<bool>();
        _guard.RegisterSubmission(response.Task, "'a pilot'");

        Task exit = _guard.DrainAsync();
        Assert.False(exit.IsCompleted);
        response.SetResult(true);
        await exit.WithTimeoutAsync();

        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task Exit_without_any_output_still_waits()
    {
        var response = new TaskCompletionSource<bool>();
        long start = _service.Clock.GetTimestamp();
        using var guard = new ExitGuard(() => [_service.Account], () => throw new IOException("The terminal is closed."), _service.Clock, () => null)
        {
            FallbackFile = Path.Combine(AppContext.BaseDirectory, "missing", "report.txt"),
        };
        guard.RegisterSubmission(response.Task, "'a pilot'");

        await _service.Clock.RunAsync(AsTask(guard.DrainAsync())).WithTimeoutAsync();

        Assert.Equal(TimeSpan.FromSeconds(20), _service.Clock.GetElapsedTime(start));
    }

    [Fact]
    public async Task Exit_timeout_elapsed_reports_unknown_outcomes()
    {
        var response = new TaskCompletionSource<bool>();
        long start = _service.Clock.GetTimestamp();
        _guard.RegisterSubmission(response.Task, ExitReport.Describe(FakeService.Request() with { Source = new RequestSource("people.csv", 4, 3) }));
        _guard.Register(response.Task.ContinueWith(_ => { }, TestContext.Current.CancellationToken), "The ledger was not up to date.");

        await _service.Clock.RunAsync(AsTask(_guard.DrainAsync())).WithTimeoutAsync();

        Assert.Equal(TimeSpan.FromSeconds(20), _service.Clock.GetElapsedTime(start));
        string[] lines = Lines();
        Assert.StartsWith("FaceGen: Waiting up to 20 s for the response to a submission in flight.", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("FaceGen: The outcome of 1 submission is unknown", lines[1], StringComparison.Ordinal);
        Assert.Equal("  people.csv:4: 'a pilot'", lines[2]);
        Assert.Equal("FaceGen: The ledger was not up to date.", lines[3]);
    }

    [Theory]
    [InlineData("3", 3, "")]
    [InlineData("0", 0, "")]
    [InlineData(" ", 20, "")]
    [InlineData("-1", 20, "FACEGEN_EXIT_TIMEOUT_SEC is '-1', which is not a number of seconds from 0 to 86400. 20 is used.")]
    [InlineData("soon", 20, "FACEGEN_EXIT_TIMEOUT_SEC is 'soon', which is not a number of seconds from 0 to 86400. 20 is used.")]
    public async Task Exit_timeout_is_set_by_environment(string setting, int seconds, string warning)
    {
        _setting = setting;
        long start = _service.Clock.GetTimestamp();
        _guard.RegisterSubmission(new TaskCompletionSource<bool>().Task, "'a pilot'");

        await _service.Clock.RunAsync(AsTask(_guard.DrainAsync())).WithTimeoutAsync();

        Assert.Equal(TimeSpan.FromSeconds(seconds), _service.Clock.GetElapsedTime(start));
        Assert.Equal(warning.Length > 0, _error.ToString().Contains(warning.Length > 0 ? warning : "is used", StringComparison.Ordinal));
        Assert.Equal(seconds > 0, _error.ToString().Contains("'a pilot'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Exit_waits_for_work_that_begins_meanwhile()
    {
        var run = new TaskCompletionSource<bool>();
        var closing = new TaskCompletionSource<bool>();
        _guard.Register(run.Task, "");

        Task exit = _guard.DrainAsync();
        _guard.Register(closing.Task, "");
        run.SetResult(true);
        Assert.False(exit.IsCompleted);
        closing.SetResult(true);

        await exit.WithTimeoutAsync();
    }

    [Fact]
    public async Task Exit_prevents_new_submissions()
    {
        await _guard.DrainAsync().WithTimeoutAsync();

        Assert.Throws<OperationCanceledException>(() => _guard.RegisterSubmission(Task.CompletedTask, ""));
        Assert.True(_guard.Exiting.IsCancellationRequested);
    }

    [Fact]
    public async Task Exit_with_blocking_callback_ends()
    {
        using var release = new ManualResetEventSlim();
        using CancellationTokenRegistration blocked = _guard.Exiting.Register(release.Wait);
        try
        {
            await _guard.DrainAsync().WithTimeoutAsync();
        }
        finally
        {
            release.Set();
        }
    }

    [Fact]
    public async Task Exit_unsaved_generation_reports_id()
    {
        _service.OnSubmit(ScriptedResponse.Json("""{"status":"success","id":42,"output":["https://cdn.example/42.png"]}"""));
        await _service.GenerateAsync().WithTimeoutAsync();

        await _guard.DrainAsync().WithTimeoutAsync();

        string[] lines = Lines();
        Assert.Contains("Wait-FaceGenImage -Id 42 | Save-FaceGenOutput", lines[0], StringComparison.Ordinal);
        Assert.Equal("  42 'a pilot'", lines[1]);
    }

    [Theory]
    [InlineData("reported", false)]
    [InlineData("saving", true)]
    [InlineData("saved", false)]
    [InlineData("failed", false)]
    public async Task Exit_generation_is_reported_if_it_would_be_lost(string state, bool isReported)
    {
        _service.OnSubmit(ScriptedResponse.Json(state == "failed"
            ? """{"status":"failed","id":42}"""
            : """{"status":"success","id":42,"output":["https://cdn.example/42.png"]}"""));
        Generation generation = await _service.GenerateAsync().WithTimeoutAsync();
        _service.Account.MarkIdAcknowledged("42");
        if (state is "saving" or "saved") _service.Account.BeginSaving(_service.Connection, generation);
        if (state == "saved") _service.Account.MarkSaved("42", 0);

        await _guard.DrainAsync().WithTimeoutAsync();

        Assert.Equal(isReported, _error.ToString().Contains("42", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Exit_unacknowledged_uncertain_submission_is_reported()
    {
        _service.OnSubmit(ScriptedResponse.Html());
        await Assert.ThrowsAsync<FaceGenException>(() => _service.GenerateAsync()).WithTimeoutAsync();

        await _guard.DrainAsync().WithTimeoutAsync();

        Assert.Contains("'a pilot': The response to the submission was lost", _error.ToString(), StringComparison.Ordinal);
    }

    private string[] Lines() => _error.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    private static async Task<bool> AsTask(Task task)
    {
        await task;
        return true;
    }
}
