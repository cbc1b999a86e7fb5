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

        Assert.Equal((BatchState.Complete, 12, 12, 12), (first.StateValue, first.Saved, first.Submitted, first.ImagesPaid));
        Assert.Equal((BatchState.Complete, 12, 0, 0), (again.StateValue, again.Saved, again.Submitted, again.ImagesPaid));
        Assert.Equal(12, _fixture.Submissions);
        Assert.Equal(12, _fixture.Files.Count);
        Assert.Equal(12, _fixture.EndedItems.Count);
        Assert.All(_fixture.EndedItems, ended => Assert.Equal((BatchItemStatus.Saved, null, 1), (ended.Item.StatusValue, ended.Error, ended.Item.Files.Count)));
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task Rows_pending_at_service_are_completed()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (id, before) => before < 2 ? BatchFixture.Queued(int.Parse(id, CultureInfo.InvariantCulture)) : BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(12));

        Assert.Equal((BatchState.Complete, 12), (summary.StateValue, summary.Saved));
        AssertNothingIsRetained();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task Rows_in_flight_never_exceed_throttle(int throttle)
    {
        int now = 0, max = 0, expected = Math.Min(throttle, Limits.DefaultQueueLimit);
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _fixture.OnSubmit = id =>
        {
            lock (enough) max = Math.Max(max, Interlocked.Increment(ref now));
            if (max == expected) enough.TrySetResult();
            return BatchFixture.Queued(id);
        };
        _fixture.OnFetch = (id, _) =>
        {
            ScriptedResponse finished = BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));
            // The first ones wait until as many as are allowed have come.
            return new ScriptedResponse(async cancellationToken =>
            {
                await enough.Task.WaitAsync(cancellationToken);
                Interlocked.Decrement(ref now);
                return await finished.Give(cancellationToken);
            });
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(15), _fixture.Options with { ThrottleLimit = throttle });

        Assert.Equal(15, summary.Saved);
        Assert.Equal(expected, max);
    }

    [Fact]
    public async Task Submission_is_recorded_before_send_and_result_before_download()
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
            return ScriptedResponse.Image(BatchFixture.CreateImage(id));
        };

        await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal([BatchItemStatus.Submitting, BatchItemStatus.Submitting, BatchItemStatus.Submitting, BatchItemStatus.Generated], seen);
        // A refused row is pending until it is retried.
        Assert.Equal(
            [BatchItemStatus.Pending, BatchItemStatus.Submitting, BatchItemStatus.Pending, BatchItemStatus.Submitting,
                BatchItemStatus.Generated, BatchItemStatus.Saved],
            // If the first poll is faster than the ledger, the images are ready at once.
            _fixture.Ledger.Writes.Select(row => row.Status).Where(status => status != BatchItemStatus.Submitted));
        Assert.Equal(1, Assert.Single(await _fixture.RowsAsync()).Attempts);
    }

    [Fact]
    public async Task Row_waiting_for_retry_is_not_in_progress()
    {
        using var stop = new CancellationTokenSource();
        _fixture.OnSubmit = id => id == 1 ? BatchFixture.Queued(id) : ScriptedResponse.QueueFull(1);
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(2));

        // The clock does not advance, so the wait does not end.
        Task run = batch.RunAsync(_fixture.Options, stop.Token);
        await Wait.UntilAsync(() => _fixture.LogLines.Any(line => line.Contains("did not accept a request", StringComparison.Ordinal)));

        Assert.Equal((2, 1), (batch.Progress!.Total, batch.Progress.InProgress));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WithTimeoutAsync());
        Assert.Equal(0, batch.Progress.InProgress);
    }

    [Fact]
    public async Task Refused_row_fails_alone_and_is_not_counted_as_paid()
    {
        _fixture.OnSubmit = id => id == 2 ? ScriptedResponse.Error("The prompt is too long.", 400) : BatchFixture.Finished(id);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(4), _fixture.Options with { ThrottleLimit = 1 });

        Assert.Equal((BatchState.SomeFailed, 3, 1, 3), (summary.StateValue, summary.Saved, summary.Failed, summary.ImagesPaid));
        (BatchItem item, FaceGenException? error) = Assert.Single(_fixture.EndedItems, ended => ended.Error is not null);
        Assert.Equal((BatchItemStatus.Failed, "prompt 2", ErrorCode.RequestRefused), (item.StatusValue, item.Prompt, error!.Code));
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task Failed_row_is_resubmitted_only_with_retry_failed()
    {
        _fixture.OnSubmit = id => id == 1 ? ScriptedResponse.Json("""{"status":"failed","id":1,"message":"no face found"}""") : BatchFixture.Finished(id);

        await _fixture.RunAsync(BatchFixture.Requests(1));
        Assert.Equal(ErrorCode.GenerationFailed, Assert.Single(_fixture.EndedItems).Error!.Code);
        await _fixture.RunAsync(BatchFixture.Requests(1));
        Assert.Equal(1, _fixture.Submissions);
        BatchSummary retried = await _fixture.RunAsync(BatchFixture.Requests(1), _fixture.Options with { RetryFailed = true });

        Assert.Equal((BatchState.Complete, 2), (retried.StateValue, _fixture.Submissions));
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task Download_holds_no_slot()
    {
        using var fixture = new BatchFixture(queueLimit: 1);
        var release = new TaskCompletionSource<ScriptedResponse>();
        var all = new TaskCompletionSource();
        fixture.OnLink = (id, _) => ScriptedResponse.After(release.Task.ContinueWith(_ => ScriptedResponse.Image(BatchFixture.CreateImage(id)), TaskScheduler.Default));
        fixture.OnSubmit = id =>
        {
            if (id == 5) all.SetResult();
            return BatchFixture.Finished(id);
        };
        await using Batch batch = await fixture.OpenAsync(BatchFixture.Requests(5));
        Task<BatchSummary> run = batch.RunAsync(fixture.Options with { ThrottleLimit = 1 }, default);

        // None has been downloaded, and the one slot has served all five.
        await all.Task.WithTimeoutAsync();
        release.SetResult(ScriptedResponse.Empty());

        Assert.Equal(5, (await fixture.Clock.RunAsync(run).WithTimeoutAsync()).Saved);
    }

    [Fact]
    public async Task Download_failed_leaves_row_to_next_run()
    {
        _fixture.OnLink = (id, _) => id == "2" ? ScriptedResponse.Html(500) : ScriptedResponse.Image(BatchFixture.CreateImage(id));
        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((BatchState.Unfinished, 2, 1), (first.StateValue, first.Saved, first.InProgress));
        Assert.Equal("1 row is left (1 paid for and not saved yet). Run the same command again to continue.", first.Message);
        (BatchItem item, FaceGenException? error) = Assert.Single(_fixture.EndedItems, ended => ended.Error is not null);
        Assert.Equal((BatchItemStatus.Generated, ErrorCode.DownloadFailed, ErrorCode.DownloadFailed), (item.StatusValue, item.ErrorCodeValue, error!.Code));

        _fixture.OnLink = (id, _) => ScriptedResponse.Image(BatchFixture.CreateImage(id));
        BatchSummary second = await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((BatchState.Complete, 3, 3), (second.StateValue, second.Saved, _fixture.Submissions));
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task Link_dead_after_a_day_is_expired()
    {
        _fixture.OnLink = (_, _) => ScriptedResponse.Html(404);
        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(1));
        Assert.Equal((BatchState.Unfinished, 1), (first.StateValue, first.InProgress));

        await _fixture.Clock.AdvanceAsync(TimeSpan.FromHours(25));
        BatchSummary second = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.SomeFailed, 1, 1), (second.StateValue, second.Expired, _fixture.Submissions));
        AssertNothingIsRetained();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Expired_row_with_all_files_saved_is_saved(bool isWhole)
    {
        _fixture.OnLink = (_, _) => ScriptedResponse.Html(404);
        await _fixture.RunAsync(BatchFixture.Requests(1));
        Directory.CreateDirectory(_fixture.OutputFolder);
        string saved = Path.Combine(_fixture.OutputFolder, "1-1.png");
        File.WriteAllBytes(saved, isWhole ? BatchFixture.CreateImage("1") : BatchFixture.CreateImage("1")[..40]);
        File.SetLastWriteTimeUtc(saved, _fixture.Clock.GetUtcNow().UtcDateTime);
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromHours(25));

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal(isWhole ? (1, 0) : (0, 1), (summary.Saved, summary.Expired));
        Assert.Equal(isWhole ? [saved] : [], Assert.Single(await _fixture.RowsAsync()).Files.Select(file => file.Path));
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task Rows_of_earlier_run_are_fetched_whatever_new_rows_do()
    {
        _fixture.OnLink = (_, _) => ScriptedResponse.Html(500);
        await _fixture.RunAsync(BatchFixture.Requests(3));
        var answered = new TaskCompletionSource<ScriptedResponse>();
        int links = 0;
        _fixture.OnSubmit = _ => ScriptedResponse.After(answered.Task);
        _fixture.OnLink = (id, _) =>
        {
            if (Interlocked.Increment(ref links) == 3) answered.SetResult(ScriptedResponse.Error("Invalid prompt"));
            return ScriptedResponse.Image(BatchFixture.CreateImage(id));
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(4), _fixture.Options with { MaxDownloads = 1 });

        Assert.Equal((3, 1), (summary.Saved, summary.Failed));
        Assert.Equal(4, _fixture.Submissions);
    }

    [Fact]
    public async Task Inline_image_is_removed_from_ledger_once_saved()
    {
        _fixture.OnSubmit = id => ScriptedResponse.Json($$"""{"status":"success","id":{{id}},"output":["{{Convert.ToBase64String(BatchFixture.CreateImage($"{id}"))}}"]}""");

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        LedgerRow row = Assert.Single(await _fixture.RowsAsync());
        Assert.Equal((BatchState.Complete, 1), (summary.StateValue, row.Files.Count));
        Assert.InRange(row.Generation!.Length, 1, 500);
    }

    [Fact]
    public async Task Key_rejected_ends_run_and_saves_paid_rows()
    {
        _fixture.OnSubmit = id => id <= 3 ? BatchFixture.Queued(id) : ScriptedResponse.Error("Invalid API key", 401);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(10));

        Assert.Equal(ErrorCode.KeyRejected, summary.FatalError?.Code);
        Assert.Equal((BatchState.Unfinished, 3, 7, 3), (summary.StateValue, summary.Saved, summary.Pending, summary.ImagesPaid));
        Assert.InRange(_fixture.Submissions, 4, 5);
        Assert.DoesNotContain(_fixture.EndedItems, ended => ended.Error is not null);
        Assert.All((await _fixture.RowsAsync()).Where(row => row.Status == BatchItemStatus.Pending), row => Assert.Equal((0, 0), (row.Attempts, (int)row.Fence)));
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task Key_rejected_while_rows_are_pending_leaves_them_to_next_run()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (_, _) => ScriptedResponse.Error("Invalid API key", 401);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(8));

        Assert.Equal(ErrorCode.KeyRejected, summary.FatalError?.Code);
        Assert.Equal(8, summary.Pending + summary.InProgress);
        Assert.InRange(summary.InProgress, 1, Limits.DefaultQueueLimit + 1);

        _fixture.OnFetch = (id, _) => BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));
        BatchSummary second = await _fixture.RunAsync(BatchFixture.Requests(8));

        Assert.Equal((BatchState.Complete, 8, 8), (second.StateValue, second.Saved, _fixture.Submissions));
    }

    [Fact]
    public async Task Generation_hidden_from_other_key_is_left_to_next_run()
    {
        _fixture.Connect(queueLimit: 1);
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (id, _) => id == "1" ? ScriptedResponse.Error("Request not found", 404) : BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));

        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(3));
        _fixture.OnFetch = (id, _) => BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));
        BatchSummary next = await _fixture.RunAsync(BatchFixture.Requests(3), _fixture.Options with { RetryFailed = true });

        Assert.Equal((2, 1, 0, null), (first.Saved, first.InProgress, first.Failed, first.FatalError));
        Assert.Equal((BatchState.Complete, 3, 3), (next.StateValue, next.Saved, _fixture.Submissions));
        Assert.Contains(_fixture.EndedItems, ended => ended.Error?.Code == ErrorCode.GenerationNotFound && ended.Item.StatusValue == BatchItemStatus.Submitted);
    }

    /// <summary>What the service named when it accepted the row is in the ledger (Q42).</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public async Task Generation_denied_by_its_id_is_found_by_the_next_run(bool isFetched, bool namesId)
    {
        _fixture.OnSubmit = id => ScriptedResponse.Json($$"""
            {"status":"processing","id":{{id}},"eta":1,"fetch_result":"{{_fixture.FetchResult(id)}}","future_links":["{{BatchFixture.Link(id)}}"]}
            """);
        _fixture.OnFetch = (id, _) => namesId
            ? ScriptedResponse.Json($$"""{"status":"error","id":{{id}},"message":"Request not found"}""")
            : ScriptedResponse.Error("Request not found", 404);
        _fixture.OnLink = (_, _) => ScriptedResponse.Empty(404);
        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(2));

        _fixture.OnLink = (id, _) => ScriptedResponse.Image(BatchFixture.CreateImage(id));
        if (isFetched) _fixture.OnFetchResult = (id, _) => BatchFixture.Finished(int.Parse(id, CultureInfo.InvariantCulture));
        BatchSummary next = await _fixture.RunAsync(BatchFixture.Requests(2));

        Assert.Equal((0, 2, 0), (first.Saved, first.InProgress, first.Failed));
        Assert.Equal((BatchState.Complete, 2, 2), (next.StateValue, next.Saved, _fixture.Submissions));
    }

    [Fact]
    public async Task Generation_not_found_after_a_day_has_failed()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (_, _) => ScriptedResponse.Error("Request not found", 404);
        await _fixture.RunAsync(BatchFixture.Requests(1));
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromHours(24));

        BatchSummary next = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.SomeFailed, 1, 1), (next.StateValue, next.Failed, _fixture.Submissions));
    }

    [Fact]
    public async Task Ledger_unreachable_at_time_limit_ends_run()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (id, _) => ScriptedResponse.Processing(id, eta: 1);
        _fixture.OnOpen = ledger => ledger.BeforeCount = async cancellationToken =>
        {
            if (_fixture.Submissions > 0) await Task.Delay(Timeout.Infinite, cancellationToken);
        };

        FaceGenException failure = await TaskAssertions.GetErrorAsync(_fixture.RunAsync(BatchFixture.Requests(1), _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(1), StorageTimeout = TimeSpan.Zero }));

        Assert.Equal(ErrorCode.LedgerUnreachable, failure.Code);
    }

    [Fact]
    public async Task Queue_full_is_retried_without_paying_twice()
    {
        int submission = 0;
        _fixture.OnSubmit = _ => Interlocked.Increment(ref submission) % 3 == 0 ? BatchFixture.Finished(submission) : ScriptedResponse.QueueFull(5);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(6));

        Assert.Equal((BatchState.Complete, 6, 6), (summary.StateValue, summary.Saved, summary.ImagesPaid));
        Assert.All(await _fixture.RowsAsync(), row => Assert.Equal(1, row.Attempts));
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task Service_busy_too_long_ends_run_with_pending_rows()
    {
        _fixture.OnSubmit = _ => ScriptedResponse.NotConnected;

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(8), _fixture.Options with { AcceptanceTimeout = TimeSpan.FromHours(1) });

        Assert.Equal((BatchState.Unfinished, 8, 0), (summary.StateValue, summary.Pending, summary.ImagesPaid));
        Assert.True(summary.FatalError?.Code is ErrorCode.ServiceUnreachable or ErrorCode.ServiceBusy);
        Assert.Empty(_fixture.EndedItems);
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task Disk_full_pauses_submissions()
    {
        int refused = 0;
        _fixture.OnOpen = ledger =>
        {
            ledger.BeforeWrite = row => row.Status == BatchItemStatus.Generated && row.GenerationId == "2" && Interlocked.Increment(ref refused) <= 4 ? throw Full() : Task.CompletedTask;
            ledger.BeforeClaim = () => refused is > 0 and < 4 ? throw Full() : Task.CompletedTask;
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(20));

        Assert.Equal((BatchState.Complete, 20, 20), (summary.StateValue, summary.Saved, _fixture.Submissions));
        Assert.Contains(_fixture.Warnings, line => line.Contains("Nothing more is submitted", StringComparison.Ordinal));
        Assert.Contains("The write succeeded. Submissions continue.", _fixture.LogLines);
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task All_slots_of_a_long_queue_are_used()
    {
        using var fixture = new BatchFixture(queueLimit: 200);
        var full = new TaskCompletionSource<ScriptedResponse>();
        fixture.OnSubmit = id =>
        {
            if (id == 200) full.SetResult(BatchFixture.Finished(0));
            return ScriptedResponse.After(full.Task.ContinueWith(_ => BatchFixture.Finished(id), TaskScheduler.Default));
        };

        BatchSummary summary = await fixture.RunAsync(BatchFixture.Requests(250));

        Assert.Equal((BatchState.Complete, 250, 250), (summary.StateValue, summary.Saved, fixture.Submissions));
    }

    [Fact]
    public async Task Disk_full_for_ledger_does_not_end_run()
    {
        int writes = 0;
        Task Fail() => Interlocked.Increment(ref writes) % 3 == 1 ? throw Full() : Task.CompletedTask;
        _fixture.OnOpen = ledger => (ledger.BeforeWrite, ledger.BeforeClaim) = (_ => Fail(), Fail);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(8));

        Assert.True(summary.StateValue == BatchState.Complete, $"{summary.StateValue}: {summary.Message} {summary.FatalError?.Message}\n{string.Join('\n', _fixture.Warnings.Concat(_fixture.LogLines))}\n{string.Join('\n', _fixture.EndedItems.Select(ended => $"{ended.Item}: {ended.Error?.Message}"))}");
        Assert.Equal(8, _fixture.Submissions);
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task Id_not_recorded_is_reported_and_recorded_with_next_step()
    {
        int tries = 0;
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnOpen = ledger => ledger.BeforeWrite = row =>
            row.Status == BatchItemStatus.Submitted && ++tries == 1 ? throw new FaceGenException(ErrorCode.LedgerUnreachable, "gone") : Task.CompletedTask;

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.Complete, 1), (summary.StateValue, _fixture.Submissions));
        Assert.Contains("Wait-FaceGenImage -Id 1", Assert.Single(_fixture.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Accepted_row_never_becomes_pending_when_ledger_fails(int failures)
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
            Assert.Equal(ErrorCode.LedgerUnreachable, summary.FatalError?.Code);
            Assert.Equal((1, 2), (summary.InProgress, summary.Pending + summary.Saved));
        }
        else
        {
            Assert.Equal(ErrorCode.LedgerUnreachable, (await TaskAssertions.GetErrorAsync(run)).Code);
        }

        _fixture.OnOpen = _ => { };
        await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal(3, _fixture.Submissions);
        Assert.Equal(failures == 2 ? BatchItemStatus.Saved : BatchItemStatus.Uncertain, (await _fixture.StatusesAsync())[0]);
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    [Fact]
    public async Task Row_claimed_by_another_worker_is_not_written_and_id_is_reported()
    {
        _fixture.OnOpen = ledger => ledger.OnClaimed = row => row.Attempts == 1 && row.Source!.Row == 1 ? row with { Fence = row.Fence + 1 } : row;

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2), _fixture.Options with { ThrottleLimit = 1 });

        Assert.Equal((1, 1), (summary.Saved, summary.InProgress));
        Assert.Contains("Wait-FaceGenImage -Id 1", Assert.Single(_fixture.Warnings), StringComparison.Ordinal);
        Assert.Single(_fixture.EndedItems);
    }

    [Fact]
    public async Task Row_with_lost_claim_is_not_sent()
    {
        _fixture.OnOpen = ledger => ledger.OnClaimed = row => row.Source!.Row == 1 ? row with { Fence = row.Fence + 1, SubmittedAt = row.SubmittedAt!.Value.AddSeconds(-2) } : row;

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2), _fixture.Options with { ThrottleLimit = 1 });

        Assert.Equal((1, 1, 1, 1), (summary.Saved, summary.InProgress, summary.ImagesPaid, _fixture.Submissions));
        Assert.Empty(_fixture.Warnings);
    }

    [Fact]
    public async Task Row_edited_by_hand_fails_only_itself()
    {
        _fixture.OnOpen = ledger => ledger.OnClaimed = row => row.Source!.Row == 1 ? row with { Request = "{" } : row;

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((BatchState.SomeFailed, 2, 1, 2), (summary.StateValue, summary.Saved, summary.Failed, summary.ImagesPaid));
        Assert.Contains("people.csv:2", Assert.Single(_fixture.Warnings), StringComparison.Ordinal);
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task Face_changed_since_import_is_not_sent()
    {
        string path = _fixture.Folder.Write("face.png", TestImages.Portrait);
        Request[] Read() => [.. BatchFixture.Requests(2).Select(request => request with { FaceImage = FaceImage.FromFile(path) })];
        Request[] requests = Read();
        _fixture.OnSubmit = id =>
        {
            if (id == 1) File.WriteAllBytes(path, BatchFixture.CreateImage("9"));
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
    public async Task Face_missing_fails_only_its_row()
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
        AssertNothingIsRetained();
    }

    [Fact]
    public async Task File_with_other_image_is_not_overwritten()
    {
        Directory.CreateDirectory(_fixture.OutputFolder);
        File.WriteAllBytes(Path.Combine(_fixture.OutputFolder, "1.png"), TestImages.Portrait);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1), new BatchOptions(_fixture.Save("{id}")));

        Assert.Equal((BatchState.Unfinished, 1), (summary.StateValue, summary.InProgress));
        Assert.Equal(ErrorCode.FileExists, Assert.Single(_fixture.EndedItems).Error!.Code);
        Assert.Equal(TestImages.Portrait, File.ReadAllBytes(Path.Combine(_fixture.OutputFolder, "1.png")));
    }

    [Fact]
    public async Task Rows_of_another_service_do_not_delay_run()
    {
        await using (ILedger dead = await _fixture.OpenLedgerAsync())
        {
            await dead.StageAsync([new RequestSerializer().ToInputRow(BatchFixture.Request("prompt 1"))], null, default);
            await dead.ImportAsync(false, default);
            Assert.NotNull(await dead.ClaimPendingAsync(_fixture.Connection.BaseUri, 5, cancellationToken: default));
        }

        using var other = new BatchFixture { LedgerPath = _fixture.LedgerPath };
        BatchSummary summary = await other.RunAsync(BatchFixture.Requests(2));

        Assert.Equal((BatchState.Unfinished, 1, 1, 1), (summary.StateValue, summary.Saved, summary.InProgress, other.Submissions));
    }

    [Fact]
    public async Task Connection_ended_during_run_ends_the_run()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (_, _) =>
        {
            _fixture.Connection.Dispose();
            return ScriptedResponse.Error("busy", 503);
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(7));

        Assert.Equal((BatchState.Unfinished, ErrorCode.NotConnected), (summary.StateValue, summary.FatalError?.Code));
        Assert.Equal(7, summary.Pending + summary.InProgress);
    }

    [Fact]
    public async Task Long_batch_releases_ended_rows()
    {
        _fixture.OnSubmit = id => (id % 4) switch { 0 => ScriptedResponse.Error("The prompt is too long.", 400), 1 => BatchFixture.Queued(id), 2 => ScriptedResponse.ConnectionLost, _ => BatchFixture.Finished(id) };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(400));

        Assert.Equal((200, 100, 100), (summary.Saved, summary.Failed, summary.Uncertain));
        // Submissions of unknown outcome keep their slots for two minutes at most, also after the run.
        await _fixture.Clock.RunAsync(Task.Delay(TimeSpan.FromMinutes(2), _fixture.Clock).ContinueWith(_ => true, TaskScheduler.Default));
        await SlotsAreFreeAsync();
        AssertNothingIsRetained();
    }

    /// <summary>Waits until the slots are free, which are released in the background.</summary>
    private Task SlotsAreFreeAsync() => Wait.UntilAsync(() => _fixture.Account.Slots.InUse == 0);

    private void AssertNothingIsRetained()
    {
        Assert.Empty(_fixture.Account.Pending);
        Assert.Empty(_fixture.Account.UnacknowledgedOutcomes);
        Assert.True(_fixture.Account.WaitForTrackedWorkAsync(default).IsCompleted);
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    private static FaceGenException Full() => new(ErrorCode.LedgerNotWritten, "The disk is full.");
}
