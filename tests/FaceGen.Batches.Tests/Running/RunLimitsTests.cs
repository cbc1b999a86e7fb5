using System.Globalization;
using FaceGen.Batches.Running;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>The limits of a run.</summary>
public sealed class RunLimitsTests : IDisposable
{
    private readonly BatchFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(5, 5)]
    [InlineData(8, 8)]
    [InlineData(100, 8)]
    public async Task Images_paid_never_exceed_max_images(long limit, int sent)
    {
        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(8), _fixture.Options with { MaxImages = limit });

        Assert.Equal((sent, sent, sent, 8 - sent), (summary.Saved, summary.ImagesPaid, _fixture.Submissions, summary.Pending));
        Assert.Equal(sent == 8 ? BatchState.Complete : BatchState.Unfinished, summary.StateValue);
        Assert.Equal(sent < 8, summary.Message.Contains("-MaxImages", StringComparison.Ordinal));
        Assert.Null(summary.FatalError);
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    [Fact]
    public async Task Row_with_more_images_than_left_is_not_sent()
    {
        Request[] requests = [.. BatchFixture.Requests(3).Select(request => request with { Samples = 2 })];
        _fixture.OnSubmit = id => ScriptedResponse.Json(FormattableString.Invariant(
            $$"""{"status":"success","id":{{id}},"output":["{{BatchFixture.Link(id)}}","{{BatchFixture.Link(id + 100)}}"]}"""));

        BatchSummary summary = await _fixture.RunAsync(requests, _fixture.Options with { MaxImages = 3 });

        Assert.Equal((1, 2, 1, 2), (summary.Saved, summary.ImagesPaid, _fixture.Submissions, summary.Pending));
        Assert.Equal(2, _fixture.Files.Count);
        Assert.All((await _fixture.RowsAsync()).Where(row => row.Status == BatchItemStatus.Pending), row => Assert.Equal(0, row.Attempts));
    }

    /// <summary>The plan counts the rows in their order, whether they are claimed one by one or at once.</summary>
    [Fact]
    public async Task Smaller_row_after_one_that_exceeds_max_images_is_not_sent()
    {
        Request[] requests = [.. BatchFixture.Requests(3).Select((request, index) => request with { Samples = index == 2 ? 1 : 2 })];
        _fixture.OnSubmit = id => ScriptedResponse.Json(FormattableString.Invariant(
            $$"""{"status":"success","id":{{id}},"output":["{{BatchFixture.Link(id)}}","{{BatchFixture.Link(id + 100)}}"]}"""));

        BatchSummary summary = await _fixture.RunAsync(requests, _fixture.Options with { MaxImages = 3 });

        Assert.Equal((1, 2, 1, 2), (summary.Saved, summary.ImagesPaid, _fixture.Submissions, summary.Pending));
        Assert.All((await _fixture.RowsAsync()).Where(row => row.Status == BatchItemStatus.Pending), row => Assert.Equal(0, row.Attempts));
    }

    [Fact]
    public async Task Uncertain_row_resubmitted_counts_its_images_again()
    {
        _fixture.OnSubmit = id => id == 2 ? ScriptedResponse.QueueFull() : id <= 5 ? ScriptedResponse.ConnectionLost : BatchFixture.Finished(id);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1), _fixture.Options with { MaxImages = 2, RetryUncertain = true });

        Assert.Equal((1, 2, 3), (summary.Uncertain, summary.ImagesPaid, _fixture.Submissions));
        Assert.Equal(ErrorCode.SubmissionUncertain, Assert.Single(_fixture.EndedItems).Error!.Code);
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    [Fact]
    public async Task Time_limit_starts_with_the_command()
    {
        long start = _fixture.Clock.GetTimestamp();
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(50));

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(1), StartTimestamp = start });

        Assert.Equal((3, 0), (summary.Pending, _fixture.Submissions));
        Assert.True(summary.Duration >= TimeSpan.FromSeconds(50));
        Assert.Contains("time limit", summary.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_rows_do_not_count_towards_max_images()
    {
        _fixture.OnSubmit = id => id <= 2 ? ScriptedResponse.Error("The prompt is too long.", 400) : BatchFixture.Finished(id);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(6), _fixture.Options with { MaxImages = 3, ThrottleLimit = 1 });

        Assert.Equal((3, 2, 1), (summary.Saved, summary.Failed, summary.Pending));
    }

    /// <summary>A row in flight uses the last image until it is refused.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Refused_row_leaves_its_images_to_the_next_row(int throttle)
    {
        _fixture.OnSubmit = id => id == 1 ? ScriptedResponse.Error("The prompt is too long.", 400) : BatchFixture.Finished(id);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { MaxImages = 1, ThrottleLimit = throttle });

        Assert.Equal((1, 1, 1), (summary.Saved, summary.Failed, summary.Pending));
        Assert.Contains("-MaxImages 1 is reached", summary.Message, StringComparison.Ordinal);
        Assert.Single(_fixture.LogLines, line => line.StartsWith("Nothing more is submitted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Balance_falling_below_minimum_stops_submissions()
    {
        int paid = 0;
        _fixture.OnSubmit = id =>
        {
            Interlocked.Increment(ref paid);
            return BatchFixture.Finished(id);
        };
        _fixture.OnBalance = _ => BatchFixture.Balance(10 - (0.1 * Volatile.Read(ref paid)));

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(40), _fixture.Options with { MinimumBalance = 9 });

        // Between two requests of the balance there are at most five.
        Assert.InRange(_fixture.Submissions, 11, 16);
        Assert.Equal((_fixture.Submissions, 40 - _fixture.Submissions), (summary.Saved, summary.Pending));
        Assert.Contains("below -MinimumBalance 9", summary.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Balance_below_minimum_submits_nothing()
    {
        _fixture.OnBalance = _ => BatchFixture.Balance(8.99);

        await _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { MinimumBalance = 9 });

        Assert.Equal(0, _fixture.Submissions);
    }

    [Fact]
    public async Task Balance_unreadable_submits_nothing()
    {
        _fixture.OnBalance = _ => ScriptedResponse.Html(502);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { MinimumBalance = 9 });

        Assert.Equal((0, 4, 3), (_fixture.Submissions, _fixture.Calls.Count, summary.Pending));
        Assert.Contains("the balance for -MinimumBalance", summary.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Balance_key_rejected_ends_run()
    {
        _fixture.OnBalance = _ => ScriptedResponse.Json("""{"status":"error","message":"Invalid API key."}""", 401);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2), _fixture.Options with { MinimumBalance = 1 });

        Assert.Equal((ErrorCode.KeyRejected, 0), (summary.FatalError?.Code, _fixture.Submissions));
    }

    [Fact]
    public async Task Balance_unreadable_for_a_moment_is_requested_again()
    {
        _fixture.OnBalance = before => before == 0 ? ScriptedResponse.Html(502) : BatchFixture.Balance(100);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { MinimumBalance = 9 });

        Assert.Equal(BatchState.Complete, summary.StateValue);
    }

    [Fact]
    public async Task Balance_is_requested_every_five_submissions_or_seconds()
    {
        var limits = new RunLimits(_fixture.Connection, _fixture.Options with { MinimumBalance = 1 }, _fixture);
        async Task<int> LooksAsync()
        {
            Assert.True(await limits.CanSubmitAsync(default).WithTimeoutAsync());
            return _fixture.Calls.Count;
        }

        Assert.Equal(1, await LooksAsync());
        for (int i = 0; i < 4; i++) Assert.True(limits.TryReserveImages(1));
        Assert.Equal(1, await LooksAsync());
        Assert.True(limits.TryReserveImages(1));
        Assert.Equal(2, await LooksAsync());
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(4.9));
        Assert.Equal(2, await LooksAsync());
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        Assert.Equal(3, await LooksAsync());
    }

    [Fact]
    public async Task Time_limit_reserves_time_to_finish()
    {
        var limits = new RunLimits(_fixture.Connection, _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(10) }, _fixture);

        Assert.True(await limits.CanSubmitAsync(default));
        // Without experience with this account, a generation is assumed to take ten seconds, and saving it another ten.
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(20.1));
        Assert.True(await limits.CanSubmitAsync(default));
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        Assert.False(await limits.CanSubmitAsync(default));
        Assert.Contains("time limit", limits.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Time_limit_short_reserves_at_most_half()
    {
        var limits = new RunLimits(_fixture.Connection, _fixture.Options with { TimeLimit = TimeSpan.FromSeconds(10) }, _fixture);

        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(4.9));
        Assert.True(await limits.CanSubmitAsync(default));
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        Assert.False(await limits.CanSubmitAsync(default));
    }

    [Fact]
    public async Task Time_limit_stops_submissions_early_and_saves_rows_in_flight()
    {
        var start = _fixture.Clock.GetUtcNow();
        var accepted = new System.Collections.Concurrent.ConcurrentDictionary<string, DateTimeOffset>();
        _fixture.OnSubmit = id =>
        {
            accepted[id.ToString(CultureInfo.InvariantCulture)] = _fixture.Clock.GetUtcNow();
            return BatchFixture.Queued(id);
        };
        _fixture.OnFetch = (id, _) => _fixture.Clock.GetUtcNow() - accepted[id] < TimeSpan.FromSeconds(30)
            ? BatchFixture.Queued(int.Parse(id, CultureInfo.InvariantCulture))
            : BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));

        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(500), _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(15) });

        Assert.Equal((BatchState.Unfinished, 0), (first.StateValue, first.InProgress));
        Assert.InRange(first.Saved, 10, 499);
        Assert.InRange(_fixture.Clock.GetUtcNow() - start, TimeSpan.FromMinutes(12), TimeSpan.FromMinutes(15));
        Assert.Contains("Run the same command again", first.Message, StringComparison.Ordinal);
        // The last submission is a minute before the end; while the ledger is written, the clock may advance to the next poll.
        Assert.All(accepted.Values, when => Assert.InRange(when - start, TimeSpan.Zero, TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(30)));
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    [Fact]
    public async Task Time_limit_reached_leaves_rows_in_flight_to_next_run()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (id, _) => BatchFixture.Queued(int.Parse(id, CultureInfo.InvariantCulture));

        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(8), _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(5) });
        Assert.StartsWith("The time limit of 00:05:00 is reached. ", first.Message, StringComparison.Ordinal);

        Assert.Equal((BatchState.Unfinished, 8), (first.StateValue, first.InProgress + first.Pending));
        Assert.InRange(first.InProgress, 1, 5);
        Assert.Null(first.FatalError);
        Assert.Empty(_fixture.EndedItems);
        _fixture.OnFetch = (id, _) => BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));
        BatchSummary second = await _fixture.RunAsync(BatchFixture.Requests(8));
        Assert.All(_fixture.EndedItems, ended => Assert.Null(ended.Error));
        Assert.Equal((BatchState.Complete, 8), (second.StateValue, _fixture.Submissions));
    }

    [Fact]
    public async Task Rows_never_finished_end_run_after_timeout()
    {
        using var fixture = new BatchFixture(queueLimit: 1) { OnSubmit = BatchFixture.Queued, OnFetch = (_, _) => BatchFixture.Queued(1) };

        BatchSummary summary = await fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((BatchState.Unfinished, 1, 2), (summary.StateValue, summary.InProgress, summary.Pending));
        Assert.Equal(ErrorCode.ServiceBusy, summary.FatalError?.Code);
        Assert.Equal(ErrorCode.GenerationTimeout, Assert.Single(fixture.EndedItems).Error!.Code);
    }
}
