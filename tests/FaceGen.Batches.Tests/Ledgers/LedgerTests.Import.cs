using FaceGen.Batches.Ledgers;

namespace FaceGen.Batches.Tests.Ledgers;

public abstract partial class LedgerTests
{
    [Fact]
    public async Task Staged_rows_before_import_are_invisible()
    {
        ILedger ledger = await OpenAsync();
        await ledger.StageAsync(Rows("a", "b"), null, None);

        Assert.Null(await ledger.ClaimPendingAsync(Service, 5, cancellationToken: None));
        Assert.Empty((await ledger.CountAsync(None)).ByStatus);

        await ledger.ImportAsync(false, None);
        Assert.Equal(2, (await ledger.CountAsync(None))[BatchItemStatus.Pending]);
    }

    [Fact]
    public async Task Ledger_missing_is_created_on_import()
    {
        ILedger ledger = await OpenAsync(LedgerMode.RunAndCreateOnImport);
        await ledger.StageAsync(Rows("a", "b"), null, None);

        Assert.Equal(2, (await ledger.PlanAsync(default, None)).ToSubmit);
        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync(LedgerMode.Read));
        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);

        await ledger.ImportAsync(false, None);
        Assert.Equal(["a", "b"], await ClaimAllAsync(ledger));
        Assert.Equal(2, (await (await OpenAsync(LedgerMode.Read)).CountAsync(None))[BatchItemStatus.Submitting]);
    }

    [Fact]
    public async Task Ledger_existing_is_locked_before_import()
    {
        await using (ILedger before = await OpenAsync()) await ImportAsync(before, "a");

        ILedger ledger = await OpenAsync(LedgerMode.RunAndCreateOnImport);

        Assert.Equal(["a"], await ClaimAllAsync(ledger));
    }

    [Fact]
    public async Task Import_same_input_again_adds_nothing()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b", "a");
        await SaveAllAsync(ledger);

        await ImportAsync(ledger, "a", "b", "a");

        Assert.Null(await ledger.ClaimPendingAsync(Service, 5, cancellationToken: None));
        Assert.Equal(3, (await ledger.CountAsync(None))[BatchItemStatus.Saved]);
    }

    [Fact]
    public async Task Import_longer_input_in_another_order_adds_new_rows()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b");
        await SaveAllAsync(ledger);

        await ImportAsync(ledger, "b", "c", "a", "a", "b");

        Assert.Equal(["c", "a", "b"], await ClaimAllAsync(ledger));
        Assert.Equal(["b", "c", "a", "a", "b"], ledger.Read([]).Select(row => row.Request));
    }

    [Fact]
    public async Task Row_missing_in_latest_input_is_not_claimed()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b", "c");

        await ImportAsync(ledger, "b");

        Assert.Equal(1, (await ledger.CountAsync(None))[BatchItemStatus.Pending]);
        Assert.Equal(["b"], ledger.Read([]).Select(row => row.Request));
        Assert.Equal(["b"], await ClaimAllAsync(ledger));
        await ImportAsync(ledger, "a", "b", "c");
        Assert.Equal(["a", "c"], await ClaimAllAsync(ledger));
    }

    [Fact]
    public async Task Paid_row_missing_in_latest_input_is_counted()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");
        await AcceptAsync(ledger, await ClaimAsync(ledger), "7");

        await ImportAsync(ledger, "b");

        LedgerCounts counts = await ledger.CountAsync(None);
        Assert.Equal((1, 1), (counts[BatchItemStatus.Submitted], counts[BatchItemStatus.Pending]));
        Assert.Equal(["a", "b"], ledger.Read([]).Select(row => row.Request).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Import_updates_request_text_of_pending_row()
    {
        ILedger ledger = await OpenAsync();
        await ledger.StageAsync([Row("a", 1) with { Request = "old" }, Row("b", 2) with { Request = "old" }], null, None);
        await ledger.ImportAsync(false, None);
        LedgerRow sent = await ClaimAsync(ledger);

        await ledger.StageAsync([Row("a", 1) with { Request = "new" }, Row("b", 2) with { Request = "new" }], null, None);
        await ledger.ImportAsync(false, None);

        Assert.Equal("new", (await ClaimAsync(ledger)).Request);
        Assert.Equal("old", ledger.Read([]).Single(row => row.Item == sent.Item).Request);
    }

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "expired,failed")]
    public async Task Import_resets_failed_rows_only_on_request(bool retryFailed, string expected)
    {
        ILedger ledger = await OpenAsync();
        string[] input = ["saved", "filtered", "failed", "expired", "uncertain"];
        BatchItemStatus[] ends =
            [BatchItemStatus.Saved, BatchItemStatus.Filtered, BatchItemStatus.Failed, BatchItemStatus.Expired, BatchItemStatus.Uncertain];
        await ImportAsync(ledger, input);
        foreach (BatchItemStatus end in ends) await EndAsync(ledger, await ClaimAsync(ledger), end);

        await ImportAsync(ledger, input, retryFailed);

        LedgerRow[] pending = [.. ledger.Read([BatchItemStatus.Pending])];
        Assert.Equal(expected, string.Join(",", pending.Select(row => row.Request).Order(StringComparer.Ordinal)));
        Assert.All(pending, row => Assert.Equal((null, null, null, null, 1), (row.GenerationId, row.ErrorCode, row.Error, row.EndedAt, row.Attempts)));
    }

    [Fact]
    public async Task Import_stores_each_face_once()
    {
        ILedger ledger = await OpenAsync();
        InputRow first = Row("a", 1) with { Face = "sha256:1", FaceBytes = [1, 2, 3] };
        await ledger.StageAsync([first, Row("b", 2) with { Face = "sha256:1", FaceBytes = [1, 2, 3] }], null, None);
        await ledger.ImportAsync(false, None);
        await ledger.StageAsync([first], null, None);
        await ledger.ImportAsync(false, None);

        Assert.Equal([1, 2, 3], await ledger.ReadFaceAsync("sha256:1", None));
        Assert.Null(await ledger.ReadFaceAsync("sha256:2", None));
    }
}
