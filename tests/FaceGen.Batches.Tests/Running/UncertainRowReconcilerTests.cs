using System.Globalization;
using FaceGen.Batches.Ledgers;
using FaceGen.Batches.Running;
using FaceGen.BatchModel;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>Uncertain rows and their reconciliation.</summary>
public sealed class UncertainRowReconcilerTests : IDisposable
{
    private readonly BatchFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Lost_response_is_reported_once_and_not_resubmitted()
    {
        _fixture.OnSubmit = id => id == 1 ? ScriptedResponse.ConnectionLost : BatchFixture.Finished(id);

        BatchSummary first = await _fixture.RunAsync(BatchFixture.Requests(3));
        BatchSummary again = await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((BatchState.SomeFailed, 2, 1, 3), (first.StateValue, first.Saved, first.Uncertain, first.ImagesPaid));
        Assert.Equal((2, 1, 0, 3), (again.Saved, again.Uncertain, again.Submitted, _fixture.Submissions));
        Assert.Equal(ErrorCode.SubmissionUncertain, Assert.Single(_fixture.EndedItems, ended => ended.Error is not null).Error!.Code);
        Assert.Empty(_fixture.Account.UnacknowledgedOutcomes);
    }

    [Fact]
    public async Task Row_submitting_in_killed_run_is_reported_once_and_not_resubmitted()
    {
        await using (ILedger dead = await ImportAsync(BatchFixture.Requests(3))) await dead.ClaimPendingAsync(_fixture.Connection.BaseUri, 5, cancellationToken: default);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(3));
        await _fixture.RunAsync(BatchFixture.Requests(3));

        Assert.Equal((2, 1, 2), (summary.Saved, summary.Uncertain, _fixture.Submissions));
        (BatchItem item, FaceGenException? error) = Assert.Single(_fixture.EndedItems, ended => ended.Error is not null);
        Assert.Equal((BatchItemStatus.Uncertain, "prompt 1", ErrorCode.SubmissionUncertain), (item.StatusValue, item.Prompt, error!.Code));
    }

    [Fact]
    public async Task Uncertain_row_edited_by_hand_does_not_block_run()
    {
        await using (ILedger dead = await ImportAsync(BatchFixture.Requests(2)))
        {
            LedgerRow row = (await dead.ClaimPendingAsync(_fixture.Connection.BaseUri, 5, cancellationToken: default))!;
            Assert.NotNull(row);
        }

        await using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_fixture.LedgerPath};Pooling=False"))
        {
            await connection.OpenAsync();
            await using Microsoft.Data.Sqlite.SqliteCommand change = connection.CreateCommand();
            change.CommandText = "UPDATE items SET request = '{' WHERE status = 'Submitting'";
            Assert.Equal(1, await change.ExecuteNonQueryAsync());
        }

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2));

        Assert.Equal((1, 1), (summary.Saved, summary.Uncertain));
        Assert.NotEmpty(_fixture.Warnings);
    }

    [Fact]
    public async Task Uncertain_row_with_retry_uncertain_is_saved()
    {
        _fixture.OnSubmit = id => id <= 2 ? ScriptedResponse.ConnectionLost : BatchFixture.Finished(id);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1), _fixture.Options with { RetryUncertain = true });

        Assert.Equal((BatchState.Complete, 3), (summary.StateValue, _fixture.Submissions));
        Assert.Equal(3, Assert.Single(await _fixture.RowsAsync()).Attempts);
        Assert.Empty(_fixture.Account.UnacknowledgedOutcomes);
    }

    [Fact]
    public async Task Retry_uncertain_applies_to_one_run()
    {
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        await _fixture.RunAsync(BatchFixture.Requests(4));
        _fixture.OnSubmit = BatchFixture.Finished;

        BatchSummary daring = await _fixture.RunAsync(BatchFixture.Requests(4), _fixture.Options with { RetryUncertain = true, MaxImages = 1 });
        BatchSummary plain = await _fixture.RunAsync(BatchFixture.Requests(4));

        Assert.Equal((1, 3, 0, 1), (daring.Saved, daring.Uncertain, daring.Pending, daring.ImagesPaid));
        Assert.Equal("Nothing more is submitted: -MaxImages 1 is reached. 3 rows are left. Run the same command again to continue.", daring.Message);
        Assert.Equal((1, 3, 0), (plain.Saved, plain.Uncertain, plain.Submitted));
        Assert.All((await _fixture.RowsAsync()).Skip(1), row => Assert.Equal((BatchItemStatus.Uncertain, 1), (row.Status, row.Attempts)));
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("refused")]
    [InlineData("unreachable")]
    [InlineData("face")]
    public async Task Uncertain_row_retried_in_later_run_is_never_pending(string how)
    {
        Request[] requests = BatchFixture.Requests(1);
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        await _fixture.RunAsync(requests);
        DateTimeOffset? sent = Assert.Single(await _fixture.RowsAsync()).SubmittedAt;
        using var stop = new CancellationTokenSource();
        _fixture.OnSubmit = _ => how == "refused" ? ScriptedResponse.Error("The prompt is too long.", 400) : ScriptedResponse.NotConnected;
        _fixture.OnOpen = ledger => ledger.OnClaimed = row =>
        {
            if (how == "stop") stop.Cancel();
            return how == "face" ? row with { Request = "{" } : row;
        };

        Task<BatchSummary> run = _fixture.RunAsync(requests, _fixture.Options with { RetryUncertain = true, AcceptanceTimeout = TimeSpan.FromMinutes(5) }, stop.Token);
        if (how == "stop") await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        else Assert.Equal((1, 0, 0, 0), await run is var summary ? (summary.Uncertain, summary.Pending, summary.Failed, summary.ImagesPaid) : default);

        LedgerRow left = Assert.Single(await _fixture.RowsAsync());
        Assert.Equal((BatchItemStatus.Uncertain, 1, ErrorCode.SubmissionUncertain, sent), (left.Status, left.Attempts, left.ErrorCode, left.SubmittedAt));
        Assert.DoesNotContain(_fixture.Ledger.Writes, row => row.Status is BatchItemStatus.Pending or BatchItemStatus.Failed);
    }

    [Fact]
    public async Task Reconciled_row_is_not_paid_again()
    {
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        await _fixture.RunAsync(BatchFixture.Requests(1));
        await using (ILedger dead = await ImportAsync(BatchFixture.Requests(2))) await dead.ClaimPendingAsync(_fixture.Connection.BaseUri, 5, cancellationToken: default);
        _fixture.OnSubmit = id => BatchFixture.Finished(id);
        _fixture.OnAssets = _ => ScriptedResponse.Json("""{"status":"success","data":[{"id":70},{"id":71}]}""");
        _fixture.OnFetch = (id, _) => Found(int.Parse(id, CultureInfo.InvariantCulture), $$"""{"prompt":"prompt {{(id == "70" ? 1 : 2)}}","face_image":"https://faces.example/face.png"}""");

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2), _fixture.Options with { RetryUncertain = true });

        Assert.Equal((BatchState.Complete, 2, 0, 1), (summary.StateValue, summary.Saved, summary.Submitted, _fixture.Submissions));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Listed_generation_not_fetchable_is_fetched_again_before_resubmission(bool hasResponse)
    {
        await using (ILedger dead = await ImportAsync(BatchFixture.Requests(1))) await dead.ClaimPendingAsync(_fixture.Connection.BaseUri, 5, cancellationToken: default);
        _fixture.OnAssets = _ => ScriptedResponse.Json("""{"status":"success","data":[{"id":70}]}""");
        _fixture.OnFetch = (_, before) => before > 0 ? Found(70, """{"prompt":"prompt 1","face_image":"https://faces.example/face.png"}""")
            : hasResponse ? BatchFixture.Queued(70) : ScriptedResponse.Error("Try again later.", 503);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1), _fixture.Options with { RetryUncertain = true });

        Assert.Equal((BatchState.Complete, 0), (summary.StateValue, _fixture.Submissions));
        Assert.Equal(["70-1.png"], _fixture.Files);
    }

    [Fact]
    public async Task Fetches_without_result_end_one_search_only()
    {
        int fetches = 0;
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        _fixture.OnAssets = _ => ScriptedResponse.Json($$"""{"status":"success","data":[{{string.Join(",", Enumerable.Range(100, 30).Select(id => $"{{\"id\":{id}}}"))}}]}""");
        _fixture.OnFetch = (_, _) => ++fetches > 0 ? ScriptedResponse.Error("Try again later.", 503) : throw new InvalidOperationException();

        await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal(5, fetches);
        Assert.DoesNotContain(_fixture.LogLines, line => line.Contains("does not return the prompts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Plan_with_retry_uncertain_matches_the_run()
    {
        await using (ILedger dead = await ImportAsync(BatchFixture.Requests(2))) await dead.ClaimPendingAsync(_fixture.Connection.BaseUri, 5, cancellationToken: default);
        await using Batch batch = await _fixture.OpenAsync(BatchFixture.Requests(2));

        BatchPlan plan = await batch.PlanAsync(new PlanOptions(RetryUncertain: true), default);
        BatchSummary summary = await _fixture.Clock.RunAsync(batch.RunAsync(_fixture.Options with { RetryUncertain = true }, default)).WithTimeoutAsync();

        Assert.Equal((2, 2), (plan.ToSubmit, plan.Images));
        Assert.Equal((BatchState.Complete, 2, 2), (summary.StateValue, summary.Submitted, summary.ImagesPaid));
        Assert.DoesNotContain(_fixture.EndedItems, ended => ended.Error is not null);
    }

    public static TheoryData<string> Refusals => ["key", "refused", "full", "unreachable", "ledger"];

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Uncertain_row_stays_uncertain_however_its_retry_ends(string refusal)
    {
        _fixture.OnSubmit = id => id == 1 ? ScriptedResponse.ConnectionLost : refusal switch
        {
            "key" => ScriptedResponse.Error("Invalid API key", 401),
            "refused" => ScriptedResponse.Error("The prompt is too long.", 400),
            "full" => ScriptedResponse.QueueFull(),
            _ => ScriptedResponse.NotConnected,
        };
        int writes = 0;
        if (refusal == "ledger")
            _fixture.OnOpen = ledger => ledger.BeforeWrite = _ => ++writes == 2 ? throw new FaceGenException(ErrorCode.LedgerUnreachable, "gone") : Task.CompletedTask;

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1), _fixture.Options with { RetryUncertain = true, AcceptanceTimeout = TimeSpan.FromMinutes(5) });

        Assert.Equal((1, 0, 0), (summary.Uncertain, summary.Pending, summary.Failed));
        Assert.DoesNotContain(_fixture.Ledger.Writes, row => row.Status is BatchItemStatus.Pending or BatchItemStatus.Failed);
        Assert.Equal(ErrorCode.SubmissionUncertain, Assert.Single(_fixture.EndedItems).Error!.Code);
        Assert.Equal(refusal is "key" ? ErrorCode.KeyRejected : refusal is "ledger" ? ErrorCode.LedgerUnreachable : null, summary.FatalError?.Code);
        Assert.Equal(0, _fixture.Account.Slots.InUse);
    }

    [Fact]
    public async Task Existing_files_reconcile_row()
    {
        _fixture.OnSubmit = id => id == 1 ? ScriptedResponse.ConnectionLost : BatchFixture.Finished(id);
        var options = new BatchOptions(_fixture.Save("{row}-{prompt}"));
        await _fixture.RunAsync(BatchFixture.Requests(2), options with { ThrottleLimit = 1 });
        string brought = Path.Combine(_fixture.OutputFolder, "1-prompt 1.png");
        File.WriteAllBytes(brought, BatchFixture.CreateImage("1"));
        File.SetLastWriteTimeUtc(brought, _fixture.Clock.GetUtcNow().UtcDateTime);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2), options);

        Assert.Equal((BatchState.Complete, 2), (summary.StateValue, _fixture.Submissions));
        LedgerFile file = Assert.Single((await _fixture.RowsAsync())[0].Files);
        Assert.Equal((16, "1-prompt 1.png"), (file.Width, Path.GetFileName(file.Path)));
    }

    [Fact]
    public async Task File_of_another_row_does_not_reconcile()
    {
        _fixture.OnSubmit = id => id == 2 ? ScriptedResponse.ConnectionLost : BatchFixture.Finished(id);
        var options = new BatchOptions(_fixture.Save("{prompt}")) { ThrottleLimit = 1 };
        Request[] requests = [BatchFixture.Request("same", 1), BatchFixture.Request("same", 2), BatchFixture.Request("other", 3)];

        await _fixture.RunAsync(requests, options);
        BatchSummary summary = await _fixture.RunAsync(requests, options);

        Assert.Equal((2, 1, 3), (summary.Saved, summary.Uncertain, _fixture.Submissions));
    }

    [Fact]
    public async Task File_older_than_submission_does_not_reconcile()
    {
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        Directory.CreateDirectory(_fixture.OutputFolder);
        File.WriteAllBytes(Path.Combine(_fixture.OutputFolder, "1.png"), BatchFixture.CreateImage("7"));
        File.SetLastWriteTimeUtc(Path.Combine(_fixture.OutputFolder, "1.png"), _fixture.Clock.GetUtcNow().UtcDateTime.AddMinutes(-1));

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1), new BatchOptions(_fixture.Save("{row}")));

        Assert.Equal((0, 1), (summary.Saved, summary.Uncertain));
    }

    [Fact]
    public async Task Incomplete_file_does_not_reconcile()
    {
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        var options = new BatchOptions(_fixture.Save("{row}"));
        await _fixture.RunAsync(BatchFixture.Requests(1), options);
        Directory.CreateDirectory(_fixture.OutputFolder);
        File.WriteAllBytes(Path.Combine(_fixture.OutputFolder, "1.png"), BatchFixture.CreateImage("1")[..40]);

        Assert.Equal(1, (await _fixture.RunAsync(BatchFixture.Requests(1), options)).Uncertain);
    }

    [Theory]
    [InlineData("""{"prompt":"prompt 1","face_image":"https://faces.example/face.png"}""", true)]
    [InlineData("""{"prompt":"prompt 1","face_image":"https://faces.example/other.png"}""", false)]
    [InlineData("""{"prompt":"prompt 1"}""", false)]
    [InlineData("""{"prompt":"prompt 2","face_image":"https://faces.example/face.png"}""", false)]
    [InlineData("""{"prompt":"prompt 1","face_image":"https://faces.example/face.png","seed":5}""", false)]
    [InlineData("""{"prompt":"prompt 1","face_image":"https://faces.example/face.png","seed":"7","samples":1,"style":null}""", true)]
    [InlineData("{}", false)]
    public async Task Listed_generation_reconciles_only_matching_row(string meta, bool isTheRows)
    {
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        Request[] requests = [BatchFixture.Request("prompt 1") with { Seed = 7 }];
        _fixture.OnAssets = _ => ScriptedResponse.Json("""{"status":"success","data":[{"id":70}]}""");
        _fixture.OnFetch = (_, _) => Found(70, meta);

        BatchSummary summary = await _fixture.RunAsync(requests);

        // The end of the same run searches for it and saves it.
        Assert.Equal(isTheRows ? (BatchState.Complete, 1) : (BatchState.SomeFailed, 0), (summary.StateValue, (int)summary.Saved));
        Assert.Equal(isTheRows ? ["70-1.png"] : [], _fixture.Files);
        Assert.Equal(1, _fixture.Submissions);
        Assert.Empty(_fixture.Account.Pending);
    }

    [Fact]
    public async Task Track_id_on_a_later_page_reconciles_row()
    {
        _fixture.OnSubmit = id => id == 1 ? ScriptedResponse.ConnectionLost : BatchFixture.Finished(id);
        Request[] requests = [.. BatchFixture.Requests(3).Select((request, index) => request with { TrackId = $"{500 + index}", FaceImage = FaceImage.FromBytes(TestImages.Portrait) })];
        _fixture.OnAssets = before => ScriptedResponse.Json(
            $$"""{"status":"success","data":[{{string.Join(",", Enumerable.Range((1000 * before) + 100, before == 2 ? 5 : 30).Select(id => $"{{\"id\":{id}}}"))}}]}""");
        _fixture.OnFetch = (id, _) => Found(int.Parse(id, CultureInfo.InvariantCulture), """{"prompt":"prompt 1"}""", trackId: id == "2103" ? 500 : 1);

        BatchSummary summary = await _fixture.RunAsync(requests, _fixture.Options with { ThrottleLimit = 1 });

        Assert.Equal((BatchState.Complete, 3, 3), (summary.StateValue, summary.Saved, _fixture.Submissions));
        Assert.Contains("2103-1.png", _fixture.Files);
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(30, true)]
    public async Task Short_pages_of_the_list_do_not_end_the_search(int perPage, bool hasEntryWithoutId)
    {
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        _fixture.OnAssets = page => ScriptedResponse.Json($$"""
            {"status":"success","data":[{{string.Join(",", Enumerable.Range(100 * (page + 1), perPage).Select((id, index) => hasEntryWithoutId && index == 0 ? "{}" : $"{{\"id\":{id}}}"))}}],"pagination":{"last_page":3} }
            """);
        _fixture.OnFetch = (id, _) => Found(int.Parse(id, CultureInfo.InvariantCulture), id == "305" ? """{"prompt":"prompt 1","face_image":"https://faces.example/face.png"}""" : """{"prompt":"another"}""");

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.Complete, 1), (summary.StateValue, _fixture.Submissions));
        Assert.Equal(["305-1.png"], _fixture.Files);
        Assert.Equal(3, _fixture.Calls.Count(call => call.Address.AbsolutePath.EndsWith("/assets_generated", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Ambiguous_rows_stay_uncertain()
    {
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        _fixture.OnAssets = _ => ScriptedResponse.Json("""{"status":"success","data":[{"id":70}]}""");
        _fixture.OnFetch = (_, _) => Found(70, """{"prompt":"same","face_image":"https://faces.example/face.png"}""");

        BatchSummary summary = await _fixture.RunAsync([BatchFixture.Request("same", 1), BatchFixture.Request("same", 2)]);

        Assert.Equal((0, 2), (summary.Saved, summary.Uncertain));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Listed_generations_without_prompt_limit_the_search(bool hasResponse)
    {
        int fetches = 0;
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        _fixture.OnAssets = before => ScriptedResponse.Json(
            $$"""{"status":"success","data":[{{string.Join(",", Enumerable.Range((100 * before) + 100, 30).Select(id => $"{{\"id\":{id}}}"))}}]}""");
        _fixture.OnFetch = (id, _) => ++fetches > 0 && hasResponse ? Found(int.Parse(id, CultureInfo.InvariantCulture), "{}") : ScriptedResponse.Error("Request not found", 404);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2));
        await _fixture.RunAsync(BatchFixture.Requests(2));

        Assert.Equal((2, 10), (summary.Uncertain, fetches));
        Assert.Contains(_fixture.LogLines, line => line.Contains("does not return the prompts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Listed_generation_not_fetchable_does_not_block_others()
    {
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        _fixture.OnAssets = _ => ScriptedResponse.Json("""{"status":"success","data":[{"id":69},{"id":70}]}""");
        _fixture.OnFetch = (id, _) => id == "69" ? ScriptedResponse.Error("Request not found", 404) : Found(70, """{"prompt":"prompt 1","face_image":"https://faces.example/face.png"}""");

        Assert.Equal(BatchState.Complete, (await _fixture.RunAsync(BatchFixture.Requests(1))).StateValue);
        Assert.Equal(["70-1.png"], _fixture.Files);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(500)]
    public async Task Asset_list_refused_leaves_rows_uncertain(int status)
    {
        _fixture.OnSubmit = _ => ScriptedResponse.ConnectionLost;
        _fixture.OnAssets = _ => ScriptedResponse.Error("no", status);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(2));

        Assert.Equal((BatchState.SomeFailed, 2), (summary.StateValue, summary.Uncertain));
        Assert.Null(summary.FatalError);
        Assert.Empty(_fixture.Warnings);
    }

    private static ScriptedResponse Found(int id, string meta, int trackId = 0) => ScriptedResponse.Json(FormattableString.Invariant(
        $$$"""{"status":"success","id":{{{id}}},"track_id":{{{trackId}}},"output":["{{{BatchFixture.Link(id)}}}"],"meta":{{{meta}}} }"""));

    private async Task<ILedger> ImportAsync(Request[] requests)
    {
        ILedger ledger = await _fixture.OpenLedgerAsync();
        var text = new RequestSerializer();
        await ledger.StageAsync([.. requests.Select(text.ToInputRow)], null, default);
        await ledger.ImportAsync(false, default);
        return ledger;
    }
}
