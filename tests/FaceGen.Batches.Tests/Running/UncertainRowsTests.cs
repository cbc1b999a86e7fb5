using System.Globalization;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Running;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>Rows of which nobody can tell whether they were paid for.</summary>
public sealed class UncertainRowsTests : IDisposable
{
    private readonly BatchBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task A_lost_answer_is_told_once_and_not_sent_again()
    {
        _bed.OnSubmit = id => id == 1 ? Answer.Lost : BatchBed.Finished(id);

        BatchSummary first = await _bed.RunAsync(BatchBed.Requests(3));
        BatchSummary again = await _bed.RunAsync(BatchBed.Requests(3));

        Assert.Equal((BatchState.SomeFailed, 2, 1, 3), (first.State, first.Saved, first.Uncertain, first.ImagesPaid));
        Assert.Equal((2, 1, 0, 3), (again.Saved, again.Uncertain, again.Submitted, _bed.Submissions));
        Assert.Equal(ErrorCode.SubmissionUncertain, Assert.Single(_bed.Ended, ended => ended.Error is not null).Error!.Code);
        Assert.Empty(_bed.Account.Untold);
    }

    [Fact]
    public async Task What_a_dead_run_was_sending_is_told_once_and_not_sent_again()
    {
        await using (ILedger dead = await EnterAsync(BatchBed.Requests(3))) await dead.TakePendingAsync(_bed.Connection.BaseUri, 5, default);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(3));
        await _bed.RunAsync(BatchBed.Requests(3));

        Assert.Equal((2, 1, 2), (summary.Saved, summary.Uncertain, _bed.Submissions));
        (BatchItem item, FaceGenException? error) = Assert.Single(_bed.Ended, ended => ended.Error is not null);
        Assert.Equal((BatchItemStatus.Uncertain, "prompt 1", ErrorCode.SubmissionUncertain), (item.Status, item.Prompt, error!.Code));
    }

    [Fact]
    public async Task What_a_dead_run_was_sending_and_was_changed_by_hand_keeps_nobody_from_working()
    {
        await using (ILedger dead = await EnterAsync(BatchBed.Requests(2)))
        {
            LedgerRow row = (await dead.TakePendingAsync(_bed.Connection.BaseUri, 5, default))!;
            Assert.NotNull(row);
        }

        await using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_bed.LedgerPath}"))
        {
            await connection.OpenAsync();
            await using Microsoft.Data.Sqlite.SqliteCommand change = connection.CreateCommand();
            change.CommandText = "UPDATE items SET request = '{' WHERE status = 'Submitting'";
            Assert.Equal(1, await change.ExecuteNonQueryAsync());
        }

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(2));

        Assert.Equal((1, 1), (summary.Saved, summary.Uncertain));
        Assert.NotEmpty(_bed.Warned);
    }

    [Fact]
    public async Task Sent_again_where_that_is_asked_for_it_is_saved()
    {
        _bed.OnSubmit = id => id <= 2 ? Answer.Lost : BatchBed.Finished(id);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1), _bed.Options with { RetryUncertain = true });

        Assert.Equal((BatchState.Complete, 3), (summary.State, _bed.Submissions));
        Assert.Equal(3, Assert.Single(await _bed.RowsAsync()).Attempts);
        Assert.Empty(_bed.Account.Untold);
    }

    [Fact]
    public async Task The_risk_that_one_run_takes_is_not_taken_by_the_next()
    {
        _bed.OnSubmit = _ => Answer.Lost;
        await _bed.RunAsync(BatchBed.Requests(4));
        _bed.OnSubmit = BatchBed.Finished;

        BatchSummary daring = await _bed.RunAsync(BatchBed.Requests(4), _bed.Options with { RetryUncertain = true, MaxImages = 1 });
        BatchSummary plain = await _bed.RunAsync(BatchBed.Requests(4));

        Assert.Equal((1, 3, 0, 1), (daring.Saved, daring.Uncertain, daring.Pending, daring.ImagesPaid));
        Assert.Equal("Stopped submitting: -MaxImages 1 is reached. 3 rows are left: run the same command again to go on.", daring.Message);
        Assert.Equal((1, 3, 0), (plain.Saved, plain.Uncertain, plain.Submitted));
        Assert.All((await _bed.RowsAsync()).Skip(1), row => Assert.Equal((BatchItemStatus.Uncertain, 1), (row.Status, row.Attempts)));
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("refused")]
    [InlineData("unreachable")]
    [InlineData("face")]
    public async Task A_row_of_unknown_outcome_is_never_pending_however_its_retry_in_a_later_run_ends(string how)
    {
        Request[] requests = BatchBed.Requests(1);
        _bed.OnSubmit = _ => Answer.Lost;
        await _bed.RunAsync(requests);
        DateTimeOffset? sent = Assert.Single(await _bed.RowsAsync()).SubmittedAt;
        using var stop = new CancellationTokenSource();
        _bed.OnSubmit = _ => how == "refused" ? Answer.Error("The prompt is too long.", 400) : Answer.NotConnected;
        _bed.OnOpen = ledger => ledger.Taken = row =>
        {
            if (how == "stop") stop.Cancel();
            return how == "face" ? row with { Request = "{" } : row;
        };

        Task<BatchSummary> run = _bed.RunAsync(requests, _bed.Options with { RetryUncertain = true, LongestRefusal = TimeSpan.FromMinutes(5) }, stop.Token);
        if (how == "stop") await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        else Assert.Equal((1, 0, 0, 0), await run is var summary ? (summary.Uncertain, summary.Pending, summary.Failed, summary.ImagesPaid) : default);

        LedgerRow left = Assert.Single(await _bed.RowsAsync());
        Assert.Equal((BatchItemStatus.Uncertain, 1, ErrorCode.SubmissionUncertain, sent), (left.Status, left.Attempts, left.ErrorCode, left.SubmittedAt));
        Assert.DoesNotContain(_bed.Ledger.Writes, row => row.Status is BatchItemStatus.Pending or BatchItemStatus.Failed);
    }

    [Fact]
    public async Task What_can_be_settled_is_not_paid_for_again()
    {
        _bed.OnSubmit = _ => Answer.Lost;
        await _bed.RunAsync(BatchBed.Requests(1));
        await using (ILedger dead = await EnterAsync(BatchBed.Requests(2))) await dead.TakePendingAsync(_bed.Connection.BaseUri, 5, default);
        _bed.OnSubmit = id => BatchBed.Finished(id);
        _bed.OnAssets = _ => Answer.Json("""{"status":"success","data":[{"id":70},{"id":71}]}""");
        _bed.OnFetch = (id, _) => Found(int.Parse(id, CultureInfo.InvariantCulture), $$"""{"prompt":"prompt {{(id == "70" ? 1 : 2)}}","face_image":"https://faces.example/face.png"}""");

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(2), _bed.Options with { RetryUncertain = true });

        Assert.Equal((BatchState.Complete, 2, 0, 1), (summary.State, summary.Saved, summary.Submitted, _bed.Submissions));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_generation_that_could_not_be_looked_at_yet_is_looked_at_again_before_its_row_is_paid_for_again(bool isAnswered)
    {
        await using (ILedger dead = await EnterAsync(BatchBed.Requests(1))) await dead.TakePendingAsync(_bed.Connection.BaseUri, 5, default);
        _bed.OnAssets = _ => Answer.Json("""{"status":"success","data":[{"id":70}]}""");
        _bed.OnFetch = (_, before) => before > 0 ? Found(70, """{"prompt":"prompt 1","face_image":"https://faces.example/face.png"}""")
            : isAnswered ? BatchBed.Queued(70) : Answer.Error("Try again later.", 503);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1), _bed.Options with { RetryUncertain = true });

        Assert.Equal((BatchState.Complete, 0), (summary.State, _bed.Submissions));
        Assert.Equal(["70-1.png"], _bed.Files);
    }

    [Fact]
    public async Task Looks_that_find_nothing_out_yet_are_few_in_one_search_and_do_not_end_the_searching()
    {
        int looks = 0;
        _bed.OnSubmit = _ => Answer.Lost;
        _bed.OnAssets = _ => Answer.Json($$"""{"status":"success","data":[{{string.Join(",", Enumerable.Range(100, 30).Select(id => $"{{\"id\":{id}}}"))}}]}""");
        _bed.OnFetch = (_, _) => ++looks > 0 ? Answer.Error("Try again later.", 503) : throw new InvalidOperationException();

        await _bed.RunAsync(BatchBed.Requests(1));

        Assert.Equal(5, looks);
        Assert.DoesNotContain(_bed.Told, line => line.Contains("does not tell what its generations were asked for", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plan_that_sends_uncertain_rows_again_is_what_the_run_does()
    {
        await using (ILedger dead = await EnterAsync(BatchBed.Requests(2))) await dead.TakePendingAsync(_bed.Connection.BaseUri, 5, default);
        await using Batch batch = await _bed.OpenAsync(BatchBed.Requests(2));

        BatchPlan plan = await batch.PlanAsync(false, true, default);
        BatchSummary summary = await _bed.Clock.RunAsync(batch.RunAsync(_bed.Options with { RetryUncertain = true }, default)).GuardAsync();

        Assert.Equal((2, 2), (plan.ToSubmit, plan.Images));
        Assert.Equal((BatchState.Complete, 2, 2), (summary.State, summary.Submitted, summary.ImagesPaid));
        Assert.DoesNotContain(_bed.Ended, ended => ended.Error is not null);
    }

    public static TheoryData<string> Refusals => ["key", "refused", "full", "unreachable", "ledger"];

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_may_have_been_accepted_stays_uncertain_however_the_second_try_ends(string refusal)
    {
        _bed.OnSubmit = id => id == 1 ? Answer.Lost : refusal switch
        {
            "key" => Answer.Error("Invalid API key", 401),
            "refused" => Answer.Error("The prompt is too long.", 400),
            "full" => Answer.QueueFull(),
            _ => Answer.NotConnected,
        };
        int writes = 0;
        if (refusal == "ledger")
            _bed.OnOpen = ledger => ledger.BeforeWrite = _ => ++writes == 2 ? throw new FaceGenException(ErrorCode.LedgerUnreachable, "gone") : Task.CompletedTask;

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1), _bed.Options with { RetryUncertain = true, LongestRefusal = TimeSpan.FromMinutes(5) });

        Assert.Equal((1, 0, 0), (summary.Uncertain, summary.Pending, summary.Failed));
        Assert.DoesNotContain(_bed.Ledger.Writes, row => row.Status is BatchItemStatus.Pending or BatchItemStatus.Failed);
        Assert.Equal(ErrorCode.SubmissionUncertain, Assert.Single(_bed.Ended).Error!.Code);
        Assert.Equal(refusal is "key" ? ErrorCode.KeyRejected : refusal is "ledger" ? ErrorCode.LedgerUnreachable : null, summary.Fault?.Code);
        Assert.Equal(0, _bed.Account.Slots.Taken);
    }

    [Fact]
    public async Task Files_that_are_there_settle_the_row()
    {
        _bed.OnSubmit = id => id == 1 ? Answer.Lost : BatchBed.Finished(id);
        var options = new BatchOptions(_bed.Save("{row}-{prompt}"));
        await _bed.RunAsync(BatchBed.Requests(2), options with { ThrottleLimit = 1 });
        string brought = Path.Combine(_bed.Out, "1-prompt 1.png");
        File.WriteAllBytes(brought, BatchBed.Picture("1"));
        File.SetLastWriteTimeUtc(brought, _bed.Clock.GetUtcNow().UtcDateTime);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(2), options);

        Assert.Equal((BatchState.Complete, 2), (summary.State, _bed.Submissions));
        LedgerFile file = Assert.Single((await _bed.RowsAsync())[0].Files);
        Assert.Equal((16, "1-prompt 1.png"), (file.Width, Path.GetFileName(file.Path)));
    }

    [Fact]
    public async Task The_file_of_another_row_settles_nothing_and_keeps_nobody_from_working()
    {
        _bed.OnSubmit = id => id == 2 ? Answer.Lost : BatchBed.Finished(id);
        var options = new BatchOptions(_bed.Save("{prompt}")) { ThrottleLimit = 1 };
        Request[] requests = [BatchBed.Request("same", 1), BatchBed.Request("same", 2), BatchBed.Request("other", 3)];

        await _bed.RunAsync(requests, options);
        BatchSummary summary = await _bed.RunAsync(requests, options);

        Assert.Equal((2, 1, 3), (summary.Saved, summary.Uncertain, _bed.Submissions));
    }

    [Fact]
    public async Task A_file_that_was_there_before_the_submission_settles_nothing()
    {
        _bed.OnSubmit = _ => Answer.Lost;
        Directory.CreateDirectory(_bed.Out);
        File.WriteAllBytes(Path.Combine(_bed.Out, "1.png"), BatchBed.Picture("7"));
        File.SetLastWriteTimeUtc(Path.Combine(_bed.Out, "1.png"), _bed.Clock.GetUtcNow().UtcDateTime.AddMinutes(-1));

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1), new BatchOptions(_bed.Save("{row}")));

        Assert.Equal((0, 1), (summary.Saved, summary.Uncertain));
    }

    [Fact]
    public async Task A_file_that_is_no_whole_picture_settles_nothing()
    {
        _bed.OnSubmit = _ => Answer.Lost;
        var options = new BatchOptions(_bed.Save("{row}"));
        await _bed.RunAsync(BatchBed.Requests(1), options);
        Directory.CreateDirectory(_bed.Out);
        File.WriteAllBytes(Path.Combine(_bed.Out, "1.png"), BatchBed.Picture("1")[..40]);

        Assert.Equal(1, (await _bed.RunAsync(BatchBed.Requests(1), options)).Uncertain);
    }

    [Theory]
    [InlineData("""{"prompt":"prompt 1","face_image":"https://faces.example/face.png"}""", true)]
    [InlineData("""{"prompt":"prompt 1","face_image":"https://faces.example/other.png"}""", false)]
    [InlineData("""{"prompt":"prompt 1"}""", false)]
    [InlineData("""{"prompt":"prompt 2","face_image":"https://faces.example/face.png"}""", false)]
    [InlineData("""{"prompt":"prompt 1","face_image":"https://faces.example/face.png","seed":5}""", false)]
    [InlineData("""{"prompt":"prompt 1","face_image":"https://faces.example/face.png","seed":"7","samples":1,"style":null}""", true)]
    [InlineData("{}", false)]
    public async Task A_generation_of_the_list_settles_the_row_only_where_it_says_that_it_is_the_rows(string meta, bool isTheRows)
    {
        _bed.OnSubmit = _ => Answer.Lost;
        Request[] requests = [BatchBed.Request("prompt 1") with { Seed = 7 }];
        _bed.OnAssets = _ => Answer.Json("""{"status":"success","data":[{"id":70}]}""");
        _bed.OnFetch = (_, _) => Found(70, meta);

        BatchSummary summary = await _bed.RunAsync(requests);

        // It is looked for at the end of the same run, and saved at once.
        Assert.Equal(isTheRows ? (BatchState.Complete, 1) : (BatchState.SomeFailed, 0), (summary.State, (int)summary.Saved));
        Assert.Equal(isTheRows ? ["70-1.png"] : [], _bed.Files);
        Assert.Equal(1, _bed.Submissions);
        Assert.Empty(_bed.Account.Open);
    }

    [Fact]
    public async Task A_track_id_names_the_row_and_a_list_of_many_pages_is_looked_through()
    {
        _bed.OnSubmit = id => id == 1 ? Answer.Lost : BatchBed.Finished(id);
        Request[] requests = [.. BatchBed.Requests(3).Select((request, index) => request with { TrackId = 500 + index, FaceImage = FaceImage.FromBytes(TestImages.Portrait) })];
        _bed.OnAssets = before => Answer.Json(
            $$"""{"status":"success","data":[{{string.Join(",", Enumerable.Range((1000 * before) + 100, before == 2 ? 5 : 30).Select(id => $"{{\"id\":{id}}}"))}}]}""");
        _bed.OnFetch = (id, _) => Found(int.Parse(id, CultureInfo.InvariantCulture), """{"prompt":"prompt 1"}""", trackId: id == "2103" ? 500 : 1);

        BatchSummary summary = await _bed.RunAsync(requests, _bed.Options with { ThrottleLimit = 1 });

        Assert.Equal((BatchState.Complete, 3, 3), (summary.State, summary.Saved, _bed.Submissions));
        Assert.Contains("2103-1.png", _bed.Files);
    }

    [Fact]
    public async Task Two_rows_that_could_both_be_meant_are_left_to_the_user()
    {
        _bed.OnSubmit = _ => Answer.Lost;
        _bed.OnAssets = _ => Answer.Json("""{"status":"success","data":[{"id":70}]}""");
        _bed.OnFetch = (_, _) => Found(70, """{"prompt":"same","face_image":"https://faces.example/face.png"}""");

        BatchSummary summary = await _bed.RunAsync([BatchBed.Request("same", 1), BatchBed.Request("same", 2)]);

        Assert.Equal((0, 2), (summary.Saved, summary.Uncertain));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_service_that_does_not_tell_what_its_generations_were_asked_for_is_asked_for_few(bool isAnswered)
    {
        int looks = 0;
        _bed.OnSubmit = _ => Answer.Lost;
        _bed.OnAssets = before => Answer.Json(
            $$"""{"status":"success","data":[{{string.Join(",", Enumerable.Range((100 * before) + 100, 30).Select(id => $"{{\"id\":{id}}}"))}}]}""");
        _bed.OnFetch = (id, _) => ++looks > 0 && isAnswered ? Found(int.Parse(id, CultureInfo.InvariantCulture), "{}") : Answer.Error("Request not found", 404);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(2));
        await _bed.RunAsync(BatchBed.Requests(2));

        Assert.Equal((2, 10), (summary.Uncertain, looks));
        Assert.Contains(_bed.Told, line => line.Contains("does not tell what its generations were asked for", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_generation_that_cannot_be_looked_at_keeps_no_other_from_settling_its_row()
    {
        _bed.OnSubmit = _ => Answer.Lost;
        _bed.OnAssets = _ => Answer.Json("""{"status":"success","data":[{"id":69},{"id":70}]}""");
        _bed.OnFetch = (id, _) => id == "69" ? Answer.Error("Request not found", 404) : Found(70, """{"prompt":"prompt 1","face_image":"https://faces.example/face.png"}""");

        Assert.Equal(BatchState.Complete, (await _bed.RunAsync(BatchBed.Requests(1))).State);
        Assert.Equal(["70-1.png"], _bed.Files);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(500)]
    public async Task A_list_that_is_not_given_out_leaves_the_rows_uncertain(int status)
    {
        _bed.OnSubmit = _ => Answer.Lost;
        _bed.OnAssets = _ => Answer.Error("no", status);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(2));

        Assert.Equal((BatchState.SomeFailed, 2), (summary.State, summary.Uncertain));
        Assert.Null(summary.Fault);
        Assert.Empty(_bed.Warned);
    }

    private static Answer Found(int id, string meta, int trackId = 0) => Answer.Json(FormattableString.Invariant(
        $$$"""{"status":"success","id":{{{id}}},"track_id":{{{trackId}}},"output":["{{{BatchBed.Link(id)}}}"],"meta":{{{meta}}} }"""));

    private async Task<ILedger> EnterAsync(Request[] requests)
    {
        ILedger ledger = await _bed.OpenLedgerAsync();
        var text = new RequestText();
        await ledger.StageAsync([.. requests.Select(text.Write)], default);
        await ledger.EnterAsync(false, default);
        return ledger;
    }
}
