using System.Globalization;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Running;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A batch from its input to its files, on a ledger of SQLite.</summary>
public sealed class BatchRunTests : IDisposable
{
    private readonly BatchBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Each_row_is_sent_and_saved_once()
    {
        BatchSummary first = await _bed.RunAsync(BatchBed.Requests(12));
        BatchSummary again = await _bed.RunAsync(BatchBed.Requests(12));

        Assert.Equal((BatchState.Complete, 12, 12, 12), (first.State, first.Saved, first.Submitted, first.ImagesPaid));
        Assert.Equal((BatchState.Complete, 12, 0, 0), (again.State, again.Saved, again.Submitted, again.ImagesPaid));
        Assert.Equal(12, _bed.Submissions);
        Assert.Equal(12, _bed.Files.Count);
        Assert.Equal(12, _bed.Ended.Count);
        Assert.All(_bed.Ended, ended => Assert.Equal((BatchItemStatus.Saved, null, 1), (ended.Item.Status, ended.Error, ended.Item.Files.Length)));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task Rows_that_wait_at_the_service_are_seen_to_their_end()
    {
        _bed.OnSubmit = BatchBed.Queued;
        _bed.OnFetch = (id, before) => before < 2 ? BatchBed.Queued(int.Parse(id, CultureInfo.InvariantCulture)) : BatchBed.Finished(int.Parse(id, CultureInfo.InvariantCulture));

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(12));

        Assert.Equal((BatchState.Complete, 12), (summary.State, summary.Saved));
        AssertNothingIsKept();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task Never_more_rows_are_at_the_service_than_are_allowed(int throttle)
    {
        int now = 0, most = 0, expected = Math.Min(throttle, Limits.DefaultQueueLimit);
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _bed.OnSubmit = id =>
        {
            lock (enough) most = Math.Max(most, Interlocked.Increment(ref now));
            if (most == expected) enough.TrySetResult();
            return BatchBed.Queued(id);
        };
        _bed.OnFetch = (id, _) =>
        {
            Answer finished = BatchBed.Finished(int.Parse(id, CultureInfo.InvariantCulture));
            // The first ones wait until as many as are allowed have come.
            return new Answer(async cancel =>
            {
                await enough.Task.WaitAsync(cancel);
                Interlocked.Decrement(ref now);
                return await finished.Give(cancel);
            });
        };

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(15), _bed.Options with { ThrottleLimit = throttle });

        Assert.Equal(15, summary.Saved);
        Assert.Equal(expected, most);
    }

    [Fact]
    public async Task A_submission_is_on_disk_before_it_is_sent_and_what_came_of_it_before_the_download()
    {
        var seen = new List<BatchItemStatus>();
        _bed.OnSubmit = id =>
        {
            seen.Add(Assert.Single(_bed.RowsAsync().GetAwaiter().GetResult()).Status);
            return id < 3 ? Answer.QueueFull(1) : BatchBed.Queued(id);
        };
        _bed.OnFetch = (_, _) => BatchBed.Finished(3);
        _bed.OnLink = (id, _) =>
        {
            LedgerRow row = Assert.Single(_bed.RowsAsync().GetAwaiter().GetResult());
            seen.Add(row.Status);
            Assert.Equal(id, row.GenerationId);
            return Answer.Image(BatchBed.Picture(id));
        };

        await _bed.RunAsync(BatchBed.Requests(1));

        Assert.Equal([BatchItemStatus.Submitting, BatchItemStatus.Submitting, BatchItemStatus.Submitting, BatchItemStatus.Generated], seen);
        // What was refused is pending until it is sent again.
        Assert.Equal(
            [BatchItemStatus.Pending, BatchItemStatus.Submitting, BatchItemStatus.Pending, BatchItemStatus.Submitting,
                BatchItemStatus.Generated, BatchItemStatus.Saved],
            // Where the first look is quicker than the ledger, the images are ready at once.
            _bed.Ledger.Writes.Select(row => row.Status).Where(status => status != BatchItemStatus.Submitted));
        Assert.Equal(1, Assert.Single(await _bed.RowsAsync()).Attempts);
    }

    [Fact]
    public async Task A_row_that_waits_to_be_sent_again_is_not_under_way()
    {
        using var stop = new CancellationTokenSource();
        _bed.OnSubmit = id => id == 1 ? BatchBed.Queued(id) : Answer.QueueFull(1);
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(2));

        // The clock stands, so that it waits for ever.
        Task run = batch.RunAsync(_bed.Options, stop.Token);
        while (!_bed.Told.Any(line => line.Contains("Nothing was accepted", StringComparison.Ordinal))) await Task.Yield();

        Assert.Equal((2, 1), (batch.Progress!.Total, batch.Progress.UnderWay));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.GuardAsync());
        Assert.Equal(0, batch.Progress.UnderWay);
    }

    [Fact]
    public async Task What_the_service_refuses_spoils_one_row_and_is_not_counted_as_paid()
    {
        _bed.OnSubmit = id => id == 2 ? Answer.Error("The prompt is too long.", 400) : BatchBed.Finished(id);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(4), _bed.Options with { ThrottleLimit = 1 });

        Assert.Equal((BatchState.SomeFailed, 3, 1, 3), (summary.State, summary.Saved, summary.Failed, summary.ImagesPaid));
        (BatchItem item, FaceGenException? error) = Assert.Single(_bed.Ended, ended => ended.Error is not null);
        Assert.Equal((BatchItemStatus.Failed, "prompt 2", ErrorCode.RequestRefused), (item.Status, item.Prompt, error!.Code));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task What_failed_is_sent_again_only_where_that_is_asked_for()
    {
        _bed.OnSubmit = id => id == 1 ? Answer.Json("""{"status":"failed","id":1,"message":"no face found"}""") : BatchBed.Finished(id);

        await _bed.RunAsync(BatchBed.Requests(1));
        Assert.Equal(ErrorCode.GenerationFailed, Assert.Single(_bed.Ended).Error!.Code);
        await _bed.RunAsync(BatchBed.Requests(1));
        Assert.Equal(1, _bed.Submissions);
        BatchSummary retried = await _bed.RunAsync(BatchBed.Requests(1), _bed.Options with { RetryFailed = true });

        Assert.Equal((BatchState.Complete, 2), (retried.State, _bed.Submissions));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_download_holds_no_slot()
    {
        using var bed = new BatchBed(queueLimit: 1);
        var release = new TaskCompletionSource<Answer>();
        var all = new TaskCompletionSource();
        bed.OnLink = (id, _) => Answer.Held(release.Task.ContinueWith(_ => Answer.Image(BatchBed.Picture(id)), TaskScheduler.Default));
        bed.OnSubmit = id =>
        {
            if (id == 5) all.SetResult();
            return BatchBed.Finished(id);
        };
        await using Batch batch = await bed.OpenAsync(BatchBed.Requests(5));
        Task<BatchSummary> run = batch.RunAsync(bed.Options with { ThrottleLimit = 1 }, default);

        // None has been downloaded, and the one slot has served all five.
        await all.Task.GuardAsync();
        release.SetResult(Answer.Empty());

        Assert.Equal(5, (await bed.Clock.RunAsync(run).GuardAsync()).Saved);
    }

    [Fact]
    public async Task A_download_that_fails_leaves_the_row_to_the_next_run()
    {
        _bed.OnLink = (id, _) => id == "2" ? Answer.Html(500) : Answer.Image(BatchBed.Picture(id));
        BatchSummary first = await _bed.RunAsync(BatchBed.Requests(3));

        Assert.Equal((BatchState.Unfinished, 2, 1), (first.State, first.Saved, first.UnderWay));
        Assert.Equal("1 row is left (1 sent and not saved yet): run the same command again to go on.", first.Message);
        (BatchItem item, FaceGenException? error) = Assert.Single(_bed.Ended, ended => ended.Error is not null);
        Assert.Equal((BatchItemStatus.Generated, ErrorCode.DownloadFailed, ErrorCode.DownloadFailed), (item.Status, item.ErrorCode, error!.Code));

        _bed.OnLink = (id, _) => Answer.Image(BatchBed.Picture(id));
        BatchSummary second = await _bed.RunAsync(BatchBed.Requests(3));

        Assert.Equal((BatchState.Complete, 3, 3), (second.State, second.Saved, _bed.Submissions));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_link_that_no_longer_works_after_a_day_is_expired()
    {
        _bed.OnLink = (_, _) => Answer.Html(404);
        BatchSummary first = await _bed.RunAsync(BatchBed.Requests(1));
        Assert.Equal((BatchState.Unfinished, 1), (first.State, first.UnderWay));

        await _bed.Clock.PassAsync(TimeSpan.FromHours(25));
        BatchSummary second = await _bed.RunAsync(BatchBed.Requests(1));

        Assert.Equal((BatchState.SomeFailed, 1, 1), (second.State, second.Expired, _bed.Submissions));
        AssertNothingIsKept();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Images_that_a_dead_run_had_saved_are_not_expired_if_all_of_them_are_there(bool isWhole)
    {
        _bed.OnLink = (_, _) => Answer.Html(404);
        await _bed.RunAsync(BatchBed.Requests(1));
        Directory.CreateDirectory(_bed.Out);
        string saved = Path.Combine(_bed.Out, "1-1.png");
        File.WriteAllBytes(saved, isWhole ? BatchBed.Picture("1") : BatchBed.Picture("1")[..40]);
        File.SetLastWriteTimeUtc(saved, _bed.Clock.GetUtcNow().UtcDateTime);
        await _bed.Clock.PassAsync(TimeSpan.FromHours(25));

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1));

        Assert.Equal(isWhole ? (1, 0) : (0, 1), (summary.Saved, summary.Expired));
        Assert.Equal(isWhole ? [saved] : [], Assert.Single(await _bed.RowsAsync()).Files.Select(file => file.Path));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task What_an_earlier_run_left_is_fetched_whatever_becomes_of_what_this_run_sends()
    {
        _bed.OnLink = (_, _) => Answer.Html(500);
        await _bed.RunAsync(BatchBed.Requests(3));
        var answered = new TaskCompletionSource<Answer>();
        int links = 0;
        _bed.OnSubmit = _ => Answer.Held(answered.Task);
        _bed.OnLink = (id, _) =>
        {
            if (Interlocked.Increment(ref links) == 3) answered.SetResult(Answer.Error("Invalid prompt"));
            return Answer.Image(BatchBed.Picture(id));
        };

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(4), _bed.Options with { Downloads = 1 });

        Assert.Equal((3, 1), (summary.Saved, summary.Failed));
        Assert.Equal(4, _bed.Submissions);
    }

    [Fact]
    public async Task An_image_that_came_in_place_is_in_its_file_and_no_longer_in_the_ledger()
    {
        _bed.OnSubmit = id => Answer.Json($$"""{"status":"success","id":{{id}},"output":["{{Convert.ToBase64String(BatchBed.Picture($"{id}"))}}"]}""");

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1));

        LedgerRow row = Assert.Single(await _bed.RowsAsync());
        Assert.Equal((BatchState.Complete, 1), (summary.State, row.Files.Count));
        Assert.InRange(row.Generation!.Length, 1, 500);
    }

    [Fact]
    public async Task A_dead_key_ends_the_run_and_what_was_paid_for_is_saved()
    {
        _bed.OnSubmit = id => id <= 3 ? BatchBed.Queued(id) : Answer.Error("Invalid API key", 401);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(10));

        Assert.Equal(ErrorCode.KeyRejected, summary.Fault?.Code);
        Assert.Equal((BatchState.Unfinished, 3, 7, 3), (summary.State, summary.Saved, summary.Pending, summary.ImagesPaid));
        Assert.InRange(_bed.Submissions, 4, 5);
        Assert.DoesNotContain(_bed.Ended, ended => ended.Error is not null);
        Assert.All((await _bed.RowsAsync()).Where(row => row.Status == BatchItemStatus.Pending), row => Assert.Equal((0, 0), (row.Attempts, (int)row.Fence)));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_key_that_dies_while_rows_are_at_the_service_leaves_them_to_the_next_run()
    {
        _bed.OnSubmit = BatchBed.Queued;
        _bed.OnFetch = (_, _) => Answer.Error("Invalid API key", 401);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(8));

        Assert.Equal(ErrorCode.KeyRejected, summary.Fault?.Code);
        Assert.Equal(8, summary.Pending + summary.UnderWay);
        Assert.InRange(summary.UnderWay, 1, Limits.DefaultQueueLimit + 1);

        _bed.OnFetch = (id, _) => BatchBed.Finished(int.Parse(id, CultureInfo.InvariantCulture));
        BatchSummary second = await _bed.RunAsync(BatchBed.Requests(8));

        Assert.Equal((BatchState.Complete, 8, 8), (second.State, second.Saved, _bed.Submissions));
    }

    [Fact]
    public async Task What_another_key_is_not_given_is_left_to_the_next_run_and_blocks_nothing()
    {
        _bed.Connect(queueLimit: 1);
        _bed.OnSubmit = BatchBed.Queued;
        _bed.OnFetch = (id, _) => id == "1" ? Answer.Error("Request not found", 404) : BatchBed.Finished(int.Parse(id, CultureInfo.InvariantCulture));

        BatchSummary first = await _bed.RunAsync(BatchBed.Requests(3));
        _bed.OnFetch = (id, _) => BatchBed.Finished(int.Parse(id, CultureInfo.InvariantCulture));
        BatchSummary next = await _bed.RunAsync(BatchBed.Requests(3), _bed.Options with { RetryFailed = true });

        Assert.Equal((2, 1, 0, null), (first.Saved, first.UnderWay, first.Failed, first.Fault));
        Assert.Equal((BatchState.Complete, 3, 3), (next.State, next.Saved, _bed.Submissions));
        Assert.Contains(_bed.Ended, ended => ended.Error?.Code == ErrorCode.GenerationNotFound && ended.Item.Status == BatchItemStatus.Submitted);
    }

    [Fact]
    public async Task What_the_service_denies_after_a_day_has_failed()
    {
        _bed.OnSubmit = BatchBed.Queued;
        _bed.OnFetch = (_, _) => Answer.Error("Request not found", 404);
        await _bed.RunAsync(BatchBed.Requests(1));
        await _bed.Clock.PassAsync(TimeSpan.FromHours(24));

        BatchSummary next = await _bed.RunAsync(BatchBed.Requests(1));

        Assert.Equal((BatchState.SomeFailed, 1, 1), (next.State, next.Failed, _bed.Submissions));
    }

    [Fact]
    public async Task A_ledger_that_is_gone_at_the_end_of_the_time_does_not_hold_the_run_for_ever()
    {
        _bed.OnSubmit = BatchBed.Queued;
        _bed.OnFetch = (id, _) => Answer.Processing(id, eta: 1);
        _bed.OnOpen = ledger => ledger.BeforeCount = async cancel =>
        {
            if (_bed.Submissions > 0) await Task.Delay(Timeout.Infinite, cancel);
        };

        FaceGenException failure = await Signals.FailureAsync(_bed.RunAsync(BatchBed.Requests(1), _bed.Options with { TimeLimit = TimeSpan.FromMinutes(1), LongestWait = TimeSpan.Zero }));

        Assert.Equal(ErrorCode.LedgerUnreachable, failure.Code);
    }

    [Fact]
    public async Task A_full_queue_is_waited_for_and_pays_for_nothing_twice()
    {
        int place = 0;
        _bed.OnSubmit = _ => Interlocked.Increment(ref place) % 3 == 0 ? BatchBed.Finished(place) : Answer.QueueFull(5);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(6));

        Assert.Equal((BatchState.Complete, 6, 6), (summary.State, summary.Saved, summary.ImagesPaid));
        Assert.All(await _bed.RowsAsync(), row => Assert.Equal(1, row.Attempts));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_service_that_accepts_nothing_for_long_ends_the_run_and_the_rows_stay_pending()
    {
        _bed.OnSubmit = _ => Answer.NotConnected;

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(8));

        Assert.Equal((BatchState.Unfinished, 8, 0), (summary.State, summary.Pending, summary.ImagesPaid));
        Assert.True(summary.Fault?.Code is ErrorCode.ServiceUnreachable or ErrorCode.ServiceBusy);
        Assert.Empty(_bed.Ended);
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_disk_that_is_full_stops_the_spending_until_there_is_room()
    {
        int refused = 0;
        _bed.OnOpen = ledger =>
        {
            ledger.BeforeWrite = row => row.Status == BatchItemStatus.Generated && row.GenerationId == "2" && Interlocked.Increment(ref refused) <= 4 ? throw Full() : Task.CompletedTask;
            ledger.BeforeTake = () => refused is > 0 and < 4 ? throw Full() : Task.CompletedTask;
        };

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(20));

        Assert.Equal((BatchState.Complete, 20, 20), (summary.State, summary.Saved, _bed.Submissions));
        Assert.Contains(_bed.Warned, line => line.Contains("Nothing more is submitted until it can be written", StringComparison.Ordinal));
        Assert.Contains("It could be written again.", _bed.Told);
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_disk_that_is_full_whenever_the_ledger_is_written_ends_no_run()
    {
        int writes = 0;
        Task Fail() => Interlocked.Increment(ref writes) % 3 == 1 ? throw Full() : Task.CompletedTask;
        _bed.OnOpen = ledger => (ledger.BeforeWrite, ledger.BeforeTake) = (_ => Fail(), Fail);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(8));

        Assert.Equal((BatchState.Complete, 8), (summary.State, _bed.Submissions));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task An_id_that_the_ledger_did_not_take_is_told_and_entered_with_the_next_step()
    {
        int tries = 0;
        _bed.OnSubmit = BatchBed.Queued;
        _bed.OnOpen = ledger => ledger.BeforeWrite = row =>
            row.Status == BatchItemStatus.Submitted && ++tries == 1 ? throw new FaceGenException(ErrorCode.LedgerUnreachable, "gone") : Task.CompletedTask;

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1));

        Assert.Equal((BatchState.Complete, 1), (summary.State, _bed.Submissions));
        Assert.Contains("Wait-FaceGenImage -Id 1", Assert.Single(_bed.Warned), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_was_accepted_is_never_pending_again_however_often_the_ledger_fails(int failures)
    {
        int tries = 0;
        _bed.OnSubmit = BatchBed.Queued;
        // The next row may begin before the first has written its last.
        _bed.OnOpen = ledger => ledger.BeforeWrite = row =>
            row.Source!.Row == 1 && ++tries <= failures ? throw new FaceGenException(ErrorCode.LedgerUnreachable, "gone") : Task.CompletedTask;

        Task<BatchSummary> run = _bed.RunAsync(BatchBed.Requests(3), _bed.Options with { ThrottleLimit = 1 });

        if (failures == 2)
        {
            BatchSummary summary = await run;
            Assert.Equal(ErrorCode.LedgerUnreachable, summary.Fault?.Code);
            Assert.Equal((1, 2), (summary.UnderWay, summary.Pending + summary.Saved));
        }
        else
        {
            Assert.Equal(ErrorCode.LedgerUnreachable, (await Signals.FailureAsync(run)).Code);
        }

        _bed.OnOpen = _ => { };
        await _bed.RunAsync(BatchBed.Requests(3));

        Assert.Equal(3, _bed.Submissions);
        Assert.Equal(failures == 2 ? BatchItemStatus.Saved : BatchItemStatus.Uncertain, (await _bed.StatusesAsync())[0]);
        Assert.Equal(0, _bed.Account.Slots.Taken);
    }

    [Fact]
    public async Task A_row_that_somebody_else_has_taken_over_is_left_alone_and_its_id_is_told()
    {
        _bed.OnOpen = ledger => ledger.Taken = row => row.Attempts == 1 && row.Source!.Row == 1 ? row with { Fence = row.Fence + 1 } : row;

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(2), _bed.Options with { ThrottleLimit = 1 });

        Assert.Equal((1, 1), (summary.Saved, summary.UnderWay));
        Assert.Contains("Wait-FaceGenImage -Id 1", Assert.Single(_bed.Warned), StringComparison.Ordinal);
        Assert.Single(_bed.Ended);
    }

    [Fact]
    public async Task A_row_that_was_taken_long_ago_and_over_by_somebody_else_is_not_sent()
    {
        _bed.OnOpen = ledger => ledger.Taken = row => row.Source!.Row == 1 ? row with { Fence = row.Fence + 1, SubmittedAt = row.SubmittedAt!.Value.AddSeconds(-2) } : row;

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(2), _bed.Options with { ThrottleLimit = 1 });

        Assert.Equal((1, 1, 1, 1), (summary.Saved, summary.UnderWay, summary.ImagesPaid, _bed.Submissions));
        Assert.Empty(_bed.Warned);
    }

    [Fact]
    public async Task A_row_that_was_changed_by_hand_spoils_itself_only()
    {
        _bed.OnOpen = ledger => ledger.Taken = row => row.Source!.Row == 1 ? row with { Request = "{" } : row;

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(3));

        Assert.Equal((BatchState.SomeFailed, 2, 1, 2), (summary.State, summary.Saved, summary.Failed, summary.ImagesPaid));
        Assert.Contains("people.csv:2", Assert.Single(_bed.Warned), StringComparison.Ordinal);
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_face_that_has_changed_since_it_was_entered_is_not_sent_and_its_row_is_paid_for_once()
    {
        string path = _bed.Folder.Write("face.png", TestImages.Portrait);
        Request[] Read() => [.. BatchBed.Requests(2).Select(request => request with { FaceImage = FaceImage.FromFile(path) })];
        Request[] requests = Read();
        _bed.OnSubmit = id =>
        {
            if (id == 1) File.WriteAllBytes(path, BatchBed.Picture("9"));
            return BatchBed.Finished(id);
        };

        BatchSummary first = await _bed.RunAsync(requests, _bed.Options with { ThrottleLimit = 1 });
        BatchSummary second = await _bed.RunAsync(Read());

        Assert.Equal((1, 1), (first.Saved, first.Failed));
        Assert.Equal(ErrorCode.FaceImageInvalid, Assert.Single(_bed.Ended, ended => ended.Error is not null).Error!.Code);
        // The two rows ask for something new now.
        Assert.Equal((2, 3), (second.Saved, _bed.Submissions));
    }

    [Fact]
    public async Task A_face_that_has_gone_spoils_its_row_only()
    {
        string path = _bed.Folder.Write("face.png", TestImages.Portrait);
        Request[] requests = [BatchBed.Request("gone") with { FaceImage = FaceImage.FromFile(path) }, .. BatchBed.Requests(2)];
        _bed.OnOpen = ledger => ledger.BeforeTake = () =>
        {
            File.Delete(path);
            return Task.CompletedTask;
        };

        BatchSummary summary = await _bed.RunAsync(requests);

        Assert.Equal((2, 1, 2), (summary.Saved, summary.Failed, _bed.Submissions));
        Assert.Equal(ErrorCode.FaceImageInvalid, Assert.Single(_bed.Ended, ended => ended.Error is not null).Error!.Code);
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_file_by_that_name_that_is_another_picture_is_not_written_over()
    {
        Directory.CreateDirectory(_bed.Out);
        File.WriteAllBytes(Path.Combine(_bed.Out, "1.png"), TestImages.Portrait);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1), new BatchOptions(_bed.Save("{id}")));

        Assert.Equal((BatchState.Unfinished, 1), (summary.State, summary.UnderWay));
        Assert.Equal(ErrorCode.FileExists, Assert.Single(_bed.Ended).Error!.Code);
        Assert.Equal(TestImages.Portrait, File.ReadAllBytes(Path.Combine(_bed.Out, "1.png")));
    }

    [Fact]
    public async Task What_was_sent_to_another_service_keeps_nobody_waiting()
    {
        await using (ILedger dead = await _bed.OpenLedgerAsync())
        {
            await dead.StageAsync([new RequestText().Write(BatchBed.Request("prompt 1"))], default);
            await dead.EnterAsync(false, default);
            Assert.NotNull(await dead.TakePendingAsync(_bed.Connection.BaseUri, 5, default));
        }

        using var other = new BatchBed { LedgerPath = _bed.LedgerPath };
        BatchSummary summary = await other.RunAsync(BatchBed.Requests(2));

        Assert.Equal((BatchState.Unfinished, 1, 1, 1), (summary.State, summary.Saved, summary.UnderWay, other.Submissions));
    }

    [Fact]
    public async Task A_connection_that_is_ended_meanwhile_ends_the_run_and_says_so()
    {
        _bed.OnSubmit = BatchBed.Queued;
        _bed.OnFetch = (_, _) =>
        {
            _bed.Connection.Dispose();
            return Answer.Error("busy", 503);
        };

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(7));

        Assert.Equal((BatchState.Unfinished, ErrorCode.NotConnected), (summary.State, summary.Fault?.Code));
        Assert.Equal(7, summary.Pending + summary.UnderWay);
    }

    [Fact]
    public async Task A_long_batch_keeps_nothing_of_what_has_ended()
    {
        _bed.OnSubmit = id => (id % 4) switch { 0 => Answer.Error("The prompt is too long.", 400), 1 => BatchBed.Queued(id), 2 => Answer.Lost, _ => BatchBed.Finished(id) };

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(400));

        Assert.Equal((200, 100, 100), (summary.Saved, summary.Failed, summary.Uncertain));
        // Submissions of unknown outcome keep their slots for two minutes at most, also after the run.
        await _bed.Clock.RunAsync(Task.Delay(TimeSpan.FromMinutes(2), _bed.Clock).ContinueWith(_ => true, TaskScheduler.Default));
        await SlotsAreFreeAsync().GuardAsync();
        AssertNothingIsKept();
    }

    /// <summary>Slots are given back in the background.</summary>
    private async Task SlotsAreFreeAsync()
    {
        while (_bed.Account.Slots.Taken > 0) await Task.Delay(10);
    }

    private void AssertNothingIsKept()
    {
        Assert.Empty(_bed.Account.Open);
        Assert.Empty(_bed.Account.Untold);
        Assert.True(_bed.Account.SettleAsync(default).IsCompleted);
        Assert.Equal(0, _bed.Account.Slots.Taken);
    }

    private static FaceGenException Full() => new(ErrorCode.LedgerNotWritten, "The disk is full.");
}
