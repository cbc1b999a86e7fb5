using System.Globalization;
using FaceGen.Batches.Running;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>What keeps a run from submitting more, by itself and in a run.</summary>
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
    public async Task No_more_images_are_paid_for_than_are_allowed(long limit, int sent)
    {
        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(8), _fixture.Options with { MaxImages = limit });

        Assert.Equal((sent, sent, sent, 8 - sent), (summary.Saved, summary.ImagesPaid, _fixture.Submissions, summary.Pending));
        Assert.Equal(sent == 8 ? BatchState.Complete : BatchState.Unfinished, summary.State);
        Assert.Equal(sent < 8, summary.Message.Contains("-MaxImages", StringComparison.Ordinal));
        Assert.Null(summary.Fault);
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    [Fact]
    public async Task A_row_of_two_images_is_not_sent_for_the_last_one()
    {
        Request[] requests = [.. BatchFixture.Requests(3).Select(request => request with { Samples = 2 })];
        _fixture.OnSubmit = id => ScriptedResponse.Json(FormattableString.Invariant(
            $$"""{"status":"success","id":{{id}},"output":["{{BatchFixture.Link(id)}}","{{BatchFixture.Link(id + 100)}}"]}"""));

        BatchSummary summary = await _fixture.RunAsync(requests, _fixture.Options with { MaxImages = 3 });

        Assert.Equal((1, 2, 1, 2), (summary.Saved, summary.ImagesPaid, _fixture.Submissions, summary.Pending));
        Assert.Equal(2, _fixture.Files.Count);
        Assert.All((await _fixture.RowsAsync()).Where(row => row.Status == BatchItemStatus.Pending), row => Assert.Equal(0, row.Attempts));
    }

    [Fact]
    public async Task A_row_that_is_sent_again_because_its_outcome_is_unknown_may_be_paid_for_each_time()
    {
        _fixture.OnSubmit = id => id == 2 ? ScriptedResponse.QueueFull() : id <= 5 ? ScriptedResponse.ConnectionLost : BatchFixture.Finished(id);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1), _fixture.Options with { MaxImages = 2, RetryUncertain = true });

        Assert.Equal((1, 2, 3), (summary.Uncertain, summary.ImagesPaid, _fixture.Submissions));
        Assert.Equal(ErrorCode.SubmissionUncertain, Assert.Single(_fixture.EndedItems).Error!.Code);
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    [Fact]
    public async Task The_time_limit_counts_from_when_the_command_began()
    {
        long start = _fixture.Clock.GetTimestamp();
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(50));

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(1), StartTimestamp = start });

        Assert.Equal((3, 0), (summary.Pending, _fixture.Submissions));
        Assert.True(summary.Duration >= TimeSpan.FromSeconds(50));
        Assert.Contains("time limit", summary.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_refused_does_not_use_up_the_images()
    {
        _fixture.OnSubmit = id => id <= 2 ? ScriptedResponse.Error("The prompt is too long.", 400) : BatchFixture.Finished(id);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(6), _fixture.Options with { MaxImages = 3, ThrottleLimit = 1 });

        Assert.Equal((3, 2, 1), (summary.Saved, summary.Failed, summary.Pending));
    }

    [Fact]
    public async Task A_wallet_that_falls_below_the_limit_ends_the_submissions()
    {
        int paid = 0;
        _fixture.OnSubmit = id =>
        {
            Interlocked.Increment(ref paid);
            return BatchFixture.Finished(id);
        };
        _fixture.OnBalance = _ => BatchFixture.Balance(10 - (0.1 * Volatile.Read(ref paid)));

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(40), _fixture.Options with { MinimumBalance = 9 });

        // Between two looks there are at most five.
        Assert.InRange(_fixture.Submissions, 11, 16);
        Assert.Equal((_fixture.Submissions, 40 - _fixture.Submissions), (summary.Saved, summary.Pending));
        Assert.Contains("below -MinimumBalance 9", summary.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wallet_that_is_below_the_limit_pays_for_nothing()
    {
        _fixture.OnBalance = _ => BatchFixture.Balance(8.99);

        await _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { MinimumBalance = 9 });

        Assert.Equal(0, _fixture.Submissions);
    }

    [Fact]
    public async Task A_wallet_that_cannot_be_looked_into_pays_for_nothing()
    {
        _fixture.OnBalance = _ => ScriptedResponse.Html(502);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { MinimumBalance = 9 });

        Assert.Equal((0, 4, 3), (_fixture.Submissions, _fixture.Calls.Count, summary.Pending));
        Assert.Contains("-MinimumBalance cannot be kept", summary.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wallet_whose_key_is_refused_ends_the_run_as_every_row_would()
    {
        _fixture.OnBalance = _ => ScriptedResponse.Json("""{"status":"error","message":"Invalid API key."}""", 401);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2), _fixture.Options with { MinimumBalance = 1 });

        Assert.Equal((ErrorCode.KeyRejected, 0), (summary.Fault?.Code, _fixture.Submissions));
    }

    [Fact]
    public async Task A_wallet_that_is_unreadable_for_a_moment_is_asked_again()
    {
        _fixture.OnBalance = before => before == 0 ? ScriptedResponse.Html(502) : BatchFixture.Balance(100);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { MinimumBalance = 9 });

        Assert.Equal(BatchState.Complete, summary.State);
    }

    [Fact]
    public async Task Between_two_looks_at_the_wallet_there_are_five_submissions_or_five_seconds()
    {
        var brakes = new RunLimits(_fixture.Connection, _fixture.Options with { MinimumBalance = 1 }, _fixture);
        async Task<int> LooksAsync()
        {
            Assert.True(await brakes.CanSubmitAsync(default).WithTimeoutAsync());
            return _fixture.Calls.Count;
        }

        Assert.Equal(1, await LooksAsync());
        for (int i = 0; i < 4; i++) Assert.True(brakes.TryReserveImages(1));
        Assert.Equal(1, await LooksAsync());
        Assert.True(brakes.TryReserveImages(1));
        Assert.Equal(2, await LooksAsync());
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(4.9));
        Assert.Equal(2, await LooksAsync());
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        Assert.Equal(3, await LooksAsync());
    }

    [Fact]
    public async Task A_time_limit_leaves_time_to_finish_and_to_save()
    {
        var brakes = new RunLimits(_fixture.Connection, _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(10) }, _fixture);

        Assert.True(await brakes.CanSubmitAsync(default));
        // While nothing is known of this account, a generation may take ten seconds, and saving it another ten.
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(20.1));
        Assert.True(await brakes.CanSubmitAsync(default));
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        Assert.False(await brakes.CanSubmitAsync(default));
        Assert.Contains("time limit", brakes.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_short_time_limit_is_not_all_spent_on_finishing()
    {
        var brakes = new RunLimits(_fixture.Connection, _fixture.Options with { TimeLimit = TimeSpan.FromSeconds(10) }, _fixture);

        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(4.9));
        Assert.True(await brakes.CanSubmitAsync(default));
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        Assert.False(await brakes.CanSubmitAsync(default));
    }

    [Fact]
    public async Task A_run_stops_submitting_in_time_and_saves_what_is_under_way()
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

        Assert.Equal((BatchState.Unfinished, 0), (first.State, first.UnderWay));
        Assert.InRange(first.Saved, 10, 499);
        Assert.InRange(_fixture.Clock.GetUtcNow() - start, TimeSpan.FromMinutes(12), TimeSpan.FromMinutes(15));
        Assert.Contains("run the same command again", first.Message, StringComparison.Ordinal);
        // A minute before the end is the last time; while the ledger is written, the clock may be moved on to the next look.
        Assert.All(accepted.Values, when => Assert.InRange(when - start, TimeSpan.Zero, TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(30)));
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    [Fact]
    public async Task What_is_still_under_way_when_the_time_is_over_is_left_to_the_next_run()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (id, _) => BatchFixture.Queued(int.Parse(id, CultureInfo.InvariantCulture));

        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(8), _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(5) });
        Assert.StartsWith("The time limit of 00:05:00 is over. ", first.Message, StringComparison.Ordinal);

        Assert.Equal((BatchState.Unfinished, 8), (first.State, first.UnderWay + first.Pending));
        Assert.InRange(first.UnderWay, 1, 5);
        Assert.Null(first.Fault);
        Assert.Empty(_fixture.EndedItems);
        _fixture.OnFetch = (id, _) => BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));
        BatchSummary second = await _fixture.RunAsync(BatchFixture.Requests(8));
        Assert.All(_fixture.EndedItems, ended => Assert.Null(ended.Error));
        Assert.Equal((BatchState.Complete, 8), (second.State, _fixture.Submissions));
    }

    [Fact]
    public async Task Rows_that_the_service_never_finishes_do_not_keep_a_run_for_ever()
    {
        using var bed = new BatchFixture(queueLimit: 1) { OnSubmit = BatchFixture.Queued, OnFetch = (_, _) => BatchFixture.Queued(1) };

        BatchSummary summary = await bed.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((BatchState.Unfinished, 1, 2), (summary.State, summary.UnderWay, summary.Pending));
        Assert.Equal(ErrorCode.ServiceBusy, summary.Fault?.Code);
        Assert.Equal(ErrorCode.GenerationTimeout, Assert.Single(bed.EndedItems).Error!.Code);
    }
}
