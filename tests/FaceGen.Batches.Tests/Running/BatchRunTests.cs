using System.Globalization;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Running;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A batch from its input to its files, on a ledger of SQLite.</summary>
public sealed class BatchRunTests : IDisposable
{
    private readonly BatchFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Each_row_is_sent_and_saved_once()
    {
        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(12));
        BatchSummary again = await _fixture.RunAsync(BatchFixture.Requests(12));

        Assert.Equal((BatchState.Complete, 12, 12, 12), (first.State, first.Saved, first.Submitted, first.ImagesPaid));
        Assert.Equal((BatchState.Complete, 12, 0, 0), (again.State, again.Saved, again.Submitted, again.ImagesPaid));
        Assert.Equal(12, _fixture.Submissions);
        Assert.Equal(12, _fixture.Files.Count);
        Assert.Equal(12, _fixture.EndedItems.Count);
        Assert.All(_fixture.EndedItems, ended => Assert.Equal((BatchItemStatus.Saved, null, 1), (ended.Item.Status, ended.Error, ended.Item.Files.Length)));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task Rows_that_wait_at_the_service_are_seen_to_their_end()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (id, before) => before < 2 ? BatchFixture.Queued(int.Parse(id, CultureInfo.InvariantCulture)) : BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(12));

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
        _fixture.OnSubmit = id =>
        {
            lock (enough) most = Math.Max(most, Interlocked.Increment(ref now));
            if (most == expected) enough.TrySetResult();
            return BatchFixture.Queued(id);
        };
        _fixture.OnFetch = (id, _) =>
        {
            ScriptedResponse finished = BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));
            // The first ones wait until as many as are allowed have come.
            return new ScriptedResponse(async cancel =>
            {
                await enough.Task.WaitAsync(cancel);
                Interlocked.Decrement(ref now);
                return await finished.Give(cancel);
            });
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(15), _fixture.Options with { ThrottleLimit = throttle });

        Assert.Equal(15, summary.Saved);
        Assert.Equal(expected, most);
    }

    [Fact]
    public async Task A_submission_is_on_disk_before_it_is_sent_and_what_came_of_it_before_the_download()
    {
        var seen = new List<BatchItemStatus>();
        _fixture.OnSubmit = id =>
        {
            seen.Add(Assert.Single(_fixture.RowsAsync().GetAwaiter().GetResult()).Status);
            return id < 3 ? ScriptedResponse.QueueFull(1) : BatchFixture.Queued(id);
        };
        _fixture.OnFetch = (_, _) => BatchFixture.Finished(3);
        _fixture.OnLink = (id, _) =>
        {
            LedgerRow row = Assert.Single(_fixture.RowsAsync().GetAwaiter().GetResult());
            seen.Add(row.Status);
            Assert.Equal(id, row.GenerationId);
            return ScriptedResponse.Image(BatchFixture.Picture(id));
        };

        await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal([BatchItemStatus.Submitting, BatchItemStatus.Submitting, BatchItemStatus.Submitting, BatchItemStatus.Generated], seen);
        // What was refused is pending until it is sent again.
        Assert.Equal(
            [BatchItemStatus.Pending, BatchItemStatus.Submitting, BatchItemStatus.Pending, BatchItemStatus.Submitting,
                BatchItemStatus.Generated, BatchItemStatus.Saved],
            // Where the first look is quicker than the ledger, the images are ready at once.
            _fixture.Ledger.Writes.Select(row => row.Status).Where(status => status != BatchItemStatus.Submitted));
        Assert.Equal(1, Assert.Single(await _fixture.RowsAsync()).Attempts);
    }

    [Fact]
    public async Task A_row_that_waits_to_be_sent_again_is_not_under_way()
    {
        using var stop = new CancellationTokenSource();
        _fixture.OnSubmit = id => id == 1 ? BatchFixture.Queued(id) : ScriptedResponse.QueueFull(1);
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(2));

        // The clock stands, so that it waits for ever.
        Task run = batch.RunAsync(_fixture.Options, stop.Token);
        while (!_fixture.LogLines.Any(line => line.Contains("Nothing was accepted", StringComparison.Ordinal))) await Task.Yield();

        Assert.Equal((2, 1), (batch.Progress!.Total, batch.Progress.InProgress));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WithTimeoutAsync());
        Assert.Equal(0, batch.Progress.InProgress);
    }

    [Fact]
    public async Task What_the_service_refuses_spoils_one_row_and_is_not_counted_as_paid()
    {
        _fixture.OnSubmit = id => id == 2 ? ScriptedResponse.Error("The prompt is too long.", 400) : BatchFixture.Finished(id);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(4), _fixture.Options with { ThrottleLimit = 1 });

        Assert.Equal((BatchState.SomeFailed, 3, 1, 3), (summary.State, summary.Saved, summary.Failed, summary.ImagesPaid));
        (BatchItem item, FaceGenException? error) = Assert.Single(_fixture.EndedItems, ended => ended.Error is not null);
        Assert.Equal((BatchItemStatus.Failed, "prompt 2", ErrorCode.RequestRefused), (item.Status, item.Prompt, error!.Code));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task What_failed_is_sent_again_only_where_that_is_asked_for()
    {
        _fixture.OnSubmit = id => id == 1 ? ScriptedResponse.Json("""{"status":"failed","id":1,"message":"no face found"}""") : BatchFixture.Finished(id);

        await _fixture.RunAsync(BatchFixture.Requests(1));
        Assert.Equal(ErrorCode.GenerationFailed, Assert.Single(_fixture.EndedItems).Error!.Code);
        await _fixture.RunAsync(BatchFixture.Requests(1));
        Assert.Equal(1, _fixture.Submissions);
        BatchSummary retried = await _fixture.RunAsync(BatchFixture.Requests(1), _fixture.Options with { RetryFailed = true });

        Assert.Equal((BatchState.Complete, 2), (retried.State, _fixture.Submissions));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_download_holds_no_slot()
    {
        using var bed = new BatchFixture(queueLimit: 1);
        var release = new TaskCompletionSource<ScriptedResponse>();
        var all = new TaskCompletionSource();
        bed.OnLink = (id, _) => ScriptedResponse.After(release.Task.ContinueWith(_ => ScriptedResponse.Image(BatchFixture.Picture(id)), TaskScheduler.Default));
        bed.OnSubmit = id =>
        {
            if (id == 5) all.SetResult();
            return BatchFixture.Finished(id);
        };
        await using Batch batch = await bed.OpenAsync(BatchFixture.Requests(5));
        Task<BatchSummary> run = batch.RunAsync(bed.Options with { ThrottleLimit = 1 }, default);

        // None has been downloaded, and the one slot has served all five.
        await all.Task.WithTimeoutAsync();
        release.SetResult(ScriptedResponse.Empty());

        Assert.Equal(5, (await bed.Clock.RunAsync(run).WithTimeoutAsync()).Saved);
    }

    [Fact]
    public async Task A_download_that_fails_leaves_the_row_to_the_next_run()
    {
        _fixture.OnLink = (id, _) => id == "2" ? ScriptedResponse.Html(500) : ScriptedResponse.Image(BatchFixture.Picture(id));
        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((BatchState.Unfinished, 2, 1), (first.State, first.Saved, first.UnderWay));
        Assert.Equal("1 row is left (1 sent and not saved yet): run the same command again to go on.", first.Message);
        (BatchItem item, FaceGenException? error) = Assert.Single(_fixture.EndedItems, ended => ended.Error is not null);
        Assert.Equal((BatchItemStatus.Generated, ErrorCode.DownloadFailed, ErrorCode.DownloadFailed), (item.Status, item.ErrorCode, error!.Code));

        _fixture.OnLink = (id, _) => ScriptedResponse.Image(BatchFixture.Picture(id));
        BatchSummary second = await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((BatchState.Complete, 3, 3), (second.State, second.Saved, _fixture.Submissions));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_link_that_no_longer_works_after_a_day_is_expired()
    {
        _fixture.OnLink = (_, _) => ScriptedResponse.Html(404);
        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(1));
        Assert.Equal((BatchState.Unfinished, 1), (first.State, first.UnderWay));

        await _fixture.Clock.AdvanceAsync(TimeSpan.FromHours(25));
        BatchSummary second = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.SomeFailed, 1, 1), (second.State, second.Expired, _fixture.Submissions));
        AssertNothingIsKept();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Images_that_a_dead_run_had_saved_are_not_expired_if_all_of_them_are_there(bool isWhole)
    {
        _fixture.OnLink = (_, _) => ScriptedResponse.Html(404);
        await _fixture.RunAsync(BatchFixture.Requests(1));
        Directory.CreateDirectory(_fixture.OutputFolder);
        string saved = Path.Combine(_fixture.OutputFolder, "1-1.png");
        File.WriteAllBytes(saved, isWhole ? BatchFixture.Picture("1") : BatchFixture.Picture("1")[..40]);
        File.SetLastWriteTimeUtc(saved, _fixture.Clock.GetUtcNow().UtcDateTime);
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromHours(25));

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal(isWhole ? (1, 0) : (0, 1), (summary.Saved, summary.Expired));
        Assert.Equal(isWhole ? [saved] : [], Assert.Single(await _fixture.RowsAsync()).Files.Select(file => file.Path));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task What_an_earlier_run_left_is_fetched_whatever_becomes_of_what_this_run_sends()
    {
        _fixture.OnLink = (_, _) => ScriptedResponse.Html(500);
        await _fixture.RunAsync(BatchFixture.Requests(3));
        var answered = new TaskCompletionSource<ScriptedResponse>();
        int links = 0;
        _fixture.OnSubmit = _ => ScriptedResponse.After(answered.Task);
        _fixture.OnLink = (id, _) =>
        {
            if (Interlocked.Increment(ref links) == 3) answered.SetResult(ScriptedResponse.Error("Invalid prompt"));
            return ScriptedResponse.Image(BatchFixture.Picture(id));
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(4), _fixture.Options with { MaxDownloads = 1 });

        Assert.Equal((3, 1), (summary.Saved, summary.Failed));
        Assert.Equal(4, _fixture.Submissions);
    }

    [Fact]
    public async Task An_image_that_came_in_place_is_in_its_file_and_no_longer_in_the_ledger()
    {
        _fixture.OnSubmit = id => ScriptedResponse.Json($$"""{"status":"success","id":{{id}},"output":["{{Convert.ToBase64String(BatchFixture.Picture($"{id}"))}}"]}""");

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        LedgerRow row = Assert.Single(await _fixture.RowsAsync());
        Assert.Equal((BatchState.Complete, 1), (summary.State, row.Files.Count));
        Assert.InRange(row.Generation!.Length, 1, 500);
    }

    [Fact]
    public async Task A_dead_key_ends_the_run_and_what_was_paid_for_is_saved()
    {
        _fixture.OnSubmit = id => id <= 3 ? BatchFixture.Queued(id) : ScriptedResponse.Error("Invalid API key", 401);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(10));

        Assert.Equal(ErrorCode.KeyRejected, summary.Fault?.Code);
        Assert.Equal((BatchState.Unfinished, 3, 7, 3), (summary.State, summary.Saved, summary.Pending, summary.ImagesPaid));
        Assert.InRange(_fixture.Submissions, 4, 5);
        Assert.DoesNotContain(_fixture.EndedItems, ended => ended.Error is not null);
        Assert.All((await _fixture.RowsAsync()).Where(row => row.Status == BatchItemStatus.Pending), row => Assert.Equal((0, 0), (row.Attempts, (int)row.Fence)));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_key_that_dies_while_rows_are_at_the_service_leaves_them_to_the_next_run()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (_, _) => ScriptedResponse.Error("Invalid API key", 401);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(8));

        Assert.Equal(ErrorCode.KeyRejected, summary.Fault?.Code);
        Assert.Equal(8, summary.Pending + summary.UnderWay);
        Assert.InRange(summary.UnderWay, 1, Limits.DefaultQueueLimit + 1);

        _fixture.OnFetch = (id, _) => BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));
        BatchSummary second = await _fixture.RunAsync(BatchFixture.Requests(8));

        Assert.Equal((BatchState.Complete, 8, 8), (second.State, second.Saved, _fixture.Submissions));
    }

    [Fact]
    public async Task What_another_key_is_not_given_is_left_to_the_next_run_and_blocks_nothing()
    {
        _fixture.Connect(queueLimit: 1);
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (id, _) => id == "1" ? ScriptedResponse.Error("Request not found", 404) : BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));

        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(3));
        _fixture.OnFetch = (id, _) => BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));
        BatchSummary next = await _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { RetryFailed = true });

        Assert.Equal((2, 1, 0, null), (first.Saved, first.UnderWay, first.Failed, first.Fault));
        Assert.Equal((BatchState.Complete, 3, 3), (next.State, next.Saved, _fixture.Submissions));
        Assert.Contains(_fixture.EndedItems, ended => ended.Error?.Code == ErrorCode.GenerationNotFound && ended.Item.Status == BatchItemStatus.Submitted);
    }

    [Fact]
    public async Task What_the_service_denies_after_a_day_has_failed()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (_, _) => ScriptedResponse.Error("Request not found", 404);
        await _fixture.RunAsync(BatchFixture.Requests(1));
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromHours(24));

        BatchSummary next = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.SomeFailed, 1, 1), (next.State, next.Failed, _fixture.Submissions));
    }

    [Fact]
    public async Task A_ledger_that_is_gone_at_the_end_of_the_time_does_not_hold_the_run_for_ever()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (id, _) => ScriptedResponse.Processing(id, eta: 1);
        _fixture.OnOpen = ledger => ledger.BeforeCount = async cancel =>
        {
            if (_fixture.Submissions > 0) await Task.Delay(Timeout.Infinite, cancel);
        };

        FaceGenException failure = await Signals.GetErrorAsync(_fixture.RunAsync(BatchFixture.Requests(1), _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(1), StorageTimeout = TimeSpan.Zero }));

        Assert.Equal(ErrorCode.LedgerUnreachable, failure.Code);
    }

    [Fact]
    public async Task A_full_queue_is_waited_for_and_pays_for_nothing_twice()
    {
        int place = 0;
        _fixture.OnSubmit = _ => Interlocked.Increment(ref place) % 3 == 0 ? BatchFixture.Finished(place) : ScriptedResponse.QueueFull(5);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(6));

        Assert.Equal((BatchState.Complete, 6, 6), (summary.State, summary.Saved, summary.ImagesPaid));
        Assert.All(await _fixture.RowsAsync(), row => Assert.Equal(1, row.Attempts));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_service_that_accepts_nothing_for_long_ends_the_run_and_the_rows_stay_pending()
    {
        _fixture.OnSubmit = _ => ScriptedResponse.NotConnected;

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(8));

        Assert.Equal((BatchState.Unfinished, 8, 0), (summary.State, summary.Pending, summary.ImagesPaid));
        Assert.True(summary.Fault?.Code is ErrorCode.ServiceUnreachable or ErrorCode.ServiceBusy);
        Assert.Empty(_fixture.EndedItems);
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_disk_that_is_full_stops_the_spending_until_there_is_room()
    {
        int refused = 0;
        _fixture.OnOpen = ledger =>
        {
            ledger.BeforeWrite = row => row.Status == BatchItemStatus.Generated && row.GenerationId == "2" && Interlocked.Increment(ref refused) <= 4 ? throw Full() : Task.CompletedTask;
            ledger.BeforeClaim = () => refused is > 0 and < 4 ? throw Full() : Task.CompletedTask;
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(20));

        Assert.Equal((BatchState.Complete, 20, 20), (summary.State, summary.Saved, _fixture.Submissions));
        Assert.Contains(_fixture.Warnings, line => line.Contains("Nothing more is submitted until it can be written", StringComparison.Ordinal));
        Assert.Contains("It could be written again.", _fixture.LogLines);
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_disk_that_is_full_whenever_the_ledger_is_written_ends_no_run()
    {
        int writes = 0;
        Task Fail() => Interlocked.Increment(ref writes) % 3 == 1 ? throw Full() : Task.CompletedTask;
        _fixture.OnOpen = ledger => (ledger.BeforeWrite, ledger.BeforeClaim) = (_ => Fail(), Fail);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(8));

        Assert.Equal((BatchState.Complete, 8), (summary.State, _fixture.Submissions));
        AssertNothingIsKept();
    }

    [Fact]
    public async Task An_id_that_the_ledger_did_not_take_is_told_and_entered_with_the_next_step()
    {
        int tries = 0;
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnOpen = ledger => ledger.BeforeWrite = row =>
            row.Status == BatchItemStatus.Submitted && ++tries == 1 ? throw new FaceGenException(ErrorCode.LedgerUnreachable, "gone") : Task.CompletedTask;

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.Complete, 1), (summary.State, _fixture.Submissions));
        Assert.Contains("Wait-FaceGenImage -Id 1", Assert.Single(_fixture.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_was_accepted_is_never_pending_again_however_often_the_ledger_fails(int failures)
    {
        int tries = 0;
        _fixture.OnSubmit = BatchFixture.Queued;
        // The next row may begin before the first has written its last.
        _fixture.OnOpen = ledger => ledger.BeforeWrite = row =>
            row.Source!.Row == 1 && ++tries <= failures ? throw new FaceGenException(ErrorCode.LedgerUnreachable, "gone") : Task.CompletedTask;

        Task<BatchSummary> run = _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { ThrottleLimit = 1 });

        if (failures == 2)
        {
            BatchSummary summary = await run;
            Assert.Equal(ErrorCode.LedgerUnreachable, summary.Fault?.Code);
            Assert.Equal((1, 2), (summary.UnderWay, summary.Pending + summary.Saved));
        }
        else
        {
            Assert.Equal(ErrorCode.LedgerUnreachable, (await Signals.GetErrorAsync(run)).Code);
        }

        _fixture.OnOpen = _ => { };
        await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal(3, _fixture.Submissions);
        Assert.Equal(failures == 2 ? BatchItemStatus.Saved : BatchItemStatus.Uncertain, (await _fixture.StatusesAsync())[0]);
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    [Fact]
    public async Task A_row_that_somebody_else_has_taken_over_is_left_alone_and_its_id_is_told()
    {
        _fixture.OnOpen = ledger => ledger.OnClaimed = row => row.Attempts == 1 && row.Source!.Row == 1 ? row with { Fence = row.Fence + 1 } : row;

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2), _fixture.Options with { ThrottleLimit = 1 });

        Assert.Equal((1, 1), (summary.Saved, summary.UnderWay));
        Assert.Contains("Wait-FaceGenImage -Id 1", Assert.Single(_fixture.Warnings), StringComparison.Ordinal);
        Assert.Single(_fixture.EndedItems);
    }

    [Fact]
    public async Task A_row_that_was_taken_long_ago_and_over_by_somebody_else_is_not_sent()
    {
        _fixture.OnOpen = ledger => ledger.OnClaimed = row => row.Source!.Row == 1 ? row with { Fence = row.Fence + 1, SubmittedAt = row.SubmittedAt!.Value.AddSeconds(-2) } : row;

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2), _fixture.Options with { ThrottleLimit = 1 });

        Assert.Equal((1, 1, 1, 1), (summary.Saved, summary.UnderWay, summary.ImagesPaid, _fixture.Submissions));
        Assert.Empty(_fixture.Warnings);
    }

    [Fact]
    public async Task A_row_that_was_changed_by_hand_spoils_itself_only()
    {
        _fixture.OnOpen = ledger => ledger.OnClaimed = row => row.Source!.Row == 1 ? row with { Request = "{" } : row;

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((BatchState.SomeFailed, 2, 1, 2), (summary.State, summary.Saved, summary.Failed, summary.ImagesPaid));
        Assert.Contains("people.csv:2", Assert.Single(_fixture.Warnings), StringComparison.Ordinal);
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_face_that_has_changed_since_it_was_entered_is_not_sent_and_its_row_is_paid_for_once()
    {
        string path = _fixture.Folder.Write("face.png", TestImages.Portrait);
        Request[] Read() => [.. BatchFixture.Requests(2).Select(request => request with { FaceImage = FaceImage.FromFile(path) })];
        Request[] requests = Read();
        _fixture.OnSubmit = id =>
        {
            if (id == 1) File.WriteAllBytes(path, BatchFixture.Picture("9"));
            return BatchFixture.Finished(id);
        };

        BatchSummary first = await _fixture.RunAsync(requests, _fixture.Options with { ThrottleLimit = 1 });
        BatchSummary second = await _fixture.RunAsync(Read());

        Assert.Equal((1, 1), (first.Saved, first.Failed));
        Assert.Equal(ErrorCode.FaceImageInvalid, Assert.Single(_fixture.EndedItems, ended => ended.Error is not null).Error!.Code);
        // The two rows ask for something new now.
        Assert.Equal((2, 3), (second.Saved, _fixture.Submissions));
    }

    [Fact]
    public async Task A_face_that_has_gone_spoils_its_row_only()
    {
        string path = _fixture.Folder.Write("face.png", TestImages.Portrait);
        Request[] requests = [BatchFixture.Request("gone") with { FaceImage = FaceImage.FromFile(path) }, .. BatchFixture.Requests(2)];
        _fixture.OnOpen = ledger => ledger.BeforeClaim = () =>
        {
            File.Delete(path);
            return Task.CompletedTask;
        };

        BatchSummary summary = await _fixture.RunAsync(requests);

        Assert.Equal((2, 1, 2), (summary.Saved, summary.Failed, _fixture.Submissions));
        Assert.Equal(ErrorCode.FaceImageInvalid, Assert.Single(_fixture.EndedItems, ended => ended.Error is not null).Error!.Code);
        AssertNothingIsKept();
    }

    [Fact]
    public async Task A_file_by_that_name_that_is_another_picture_is_not_written_over()
    {
        Directory.CreateDirectory(_fixture.OutputFolder);
        File.WriteAllBytes(Path.Combine(_fixture.OutputFolder, "1.png"), TestImages.Portrait);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1), new BatchOptions(_fixture.Save("{id}")));

        Assert.Equal((BatchState.Unfinished, 1), (summary.State, summary.UnderWay));
        Assert.Equal(ErrorCode.FileExists, Assert.Single(_fixture.EndedItems).Error!.Code);
        Assert.Equal(TestImages.Portrait, File.ReadAllBytes(Path.Combine(_fixture.OutputFolder, "1.png")));
    }

    [Fact]
    public async Task What_was_sent_to_another_service_keeps_nobody_waiting()
    {
        await using (ILedger dead = await _fixture.OpenLedgerAsync())
        {
            await dead.StageAsync([new RequestSerializer().ToInputRow(BatchFixture.Request("prompt 1"))], default);
            await dead.ImportAsync(false, default);
            Assert.NotNull(await dead.ClaimPendingAsync(_fixture.Connection.BaseUri, 5, default));
        }

        using var other = new BatchFixture { LedgerPath = _fixture.LedgerPath };
        BatchSummary summary = await other.RunAsync(BatchFixture.Requests(2));

        Assert.Equal((BatchState.Unfinished, 1, 1, 1), (summary.State, summary.Saved, summary.UnderWay, other.Submissions));
    }

    [Fact]
    public async Task A_connection_that_is_ended_meanwhile_ends_the_run_and_says_so()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (_, _) =>
        {
            _fixture.Connection.Dispose();
            return ScriptedResponse.Error("busy", 503);
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(7));

        Assert.Equal((BatchState.Unfinished, ErrorCode.NotConnected), (summary.State, summary.Fault?.Code));
        Assert.Equal(7, summary.Pending + summary.UnderWay);
    }

    [Fact]
    public async Task A_long_batch_keeps_nothing_of_what_has_ended()
    {
        _fixture.OnSubmit = id => (id % 4) switch { 0 => ScriptedResponse.Error("The prompt is too long.", 400), 1 => BatchFixture.Queued(id), 2 => ScriptedResponse.ConnectionLost, _ => BatchFixture.Finished(id) };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(400));

        Assert.Equal((200, 100, 100), (summary.Saved, summary.Failed, summary.Uncertain));
        // Submissions of unknown outcome keep their slots for two minutes at most, also after the run.
        await _fixture.Clock.RunAsync(Task.Delay(TimeSpan.FromMinutes(2), _fixture.Clock).ContinueWith(_ => true, TaskScheduler.Default));
        await SlotsAreFreeAsync().WithTimeoutAsync();
        AssertNothingIsKept();
    }

    /// <summary>Slots are given back in the background.</summary>
    private async Task SlotsAreFreeAsync()
    {
        while (_fixture.Account.Slots.InUse > 0) await Task.Delay(10);
    }

    private void AssertNothingIsKept()
    {
        Assert.Empty(_fixture.Account.Pending);
        Assert.Empty(_fixture.Account.UnacknowledgedOutcomes);
        Assert.True(_fixture.Account.WaitForInFlightAsync(default).IsCompleted);
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    private static FaceGenException Full() => new(ErrorCode.LedgerNotWritten, "The disk is full.");
}
