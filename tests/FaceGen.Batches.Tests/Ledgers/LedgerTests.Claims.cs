using FaceGen.Batches.Ledgers;

namespace FaceGen.Batches.Tests.Ledgers;

public abstract partial class LedgerTests
{
    [Fact]
    public async Task Rows_are_claimed_in_input_order()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "c", "a", "b");

        LedgerRow first = await ClaimAsync(ledger);
        LedgerRow second = await ClaimAsync(ledger);
        LedgerRow third = await ClaimAsync(ledger);

        Assert.Equal(["c", "a", "b"], new[] { first, second, third }.Select(row => row.Request));
        Assert.Null(await ledger.ClaimPendingAsync(Service, 5, cancellationToken: None));
        Assert.Equal(3, new[] { first, second, third }.Select(row => row.Fence).Distinct().Count());
        Assert.Equal(new RequestSource("people.csv", 2, 1), first.Source);
        Assert.Equal((BatchItemStatus.Submitting, 1, Clock.GetUtcNow(), Service.AbsoluteUri),
            (first.Status, first.Attempts, first.SubmittedAt!.Value, first.Address));
    }

    [Fact]
    public async Task Next_faces_are_those_of_the_next_rows_to_claim()
    {
        ILedger ledger = await OpenAsync();
        InputRow[] rows = [.. "411423".Select((face, index) => Row($"row {index}", index) with { Face = $"sha256:{face}" })];
        await ledger.StageAsync([Row("linked", 0), .. rows], null, None);
        await ledger.ImportAsync(false, None);
        async Task<string> NextAsync(int count, bool retryUncertain = false) =>
            string.Concat((await ledger.ReadNextFacesAsync(count, retryUncertain, None)).Select(row => row.Face![^1]));

        Assert.Equal(("4123", "41", "4", "", ""), (await NextAsync(9), await NextAsync(3), await NextAsync(2), await NextAsync(1), await NextAsync(0)));
        for (int i = 0; i < 2; i++) await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Saved);
        LedgerRow claimed = await ClaimAsync(ledger);
        Assert.Equal("1423", await NextAsync(9));

        // In the order of the latest input.
        await EndAsync(ledger, claimed, BatchItemStatus.Saved);
        await ledger.StageAsync([.. Enumerable.Reverse(rows)], null, None);
        await ledger.ImportAsync(false, None);
        Assert.Equal("3241", await NextAsync(9));
    }

    [Fact]
    public async Task Next_faces_include_uncertain_rows_after_the_pending_ones()
    {
        await using (ILedger dead = await OpenAsync())
        {
            await dead.StageAsync([.. "12".Select((face, index) => Row($"row {index}", index) with { Face = $"sha256:{face}" })], null, None);
            await dead.ImportAsync(false, None);
            await ClaimAsync(dead);
        }

        ILedger ledger = await OpenAsync();
        await ledger.ClaimAbandonedAsync(Service, 5, None);
        async Task<string> NextAsync(int count, bool retryUncertain) =>
            string.Concat((await ledger.ReadNextFacesAsync(count, retryUncertain, None)).Select(row => row.Face![^1]));

        Assert.Equal(("2", "21", "2"), (await NextAsync(9, false), await NextAsync(9, true), await NextAsync(1, true)));
    }

    [Fact]
    public async Task Rows_whose_face_is_not_ready_are_passed_over_within_limit()
    {
        ILedger ledger = await OpenAsync();
        InputRow[] rows = [.. Enumerable.Range(0, 1100).Select(number => Row($"row {number}", number) with { Face = number < 1050 ? "sha256:1" : "sha256:2" })];
        await ledger.StageAsync([rows[0], Row("linked", 0), .. rows[1..10], rows[^1], .. rows[10..^1]], null, None);
        await ledger.ImportAsync(false, None);
        async Task<string?> NextAsync(params string[]? readyFaces) => (await ledger.ClaimPendingAsync(Service, int.MaxValue, readyFaces: readyFaces, cancellationToken: None))?.Request;

        Assert.Equal("linked", await NextAsync());
        Assert.Equal("row 1099", await NextAsync("sha256:2", "sha256:3", "sha256:4"));
        Assert.Null(await NextAsync("sha256:2"));
        Assert.Equal("row 0", await NextAsync("sha256:1"));
        Assert.Equal("row 1", await NextAsync(null));
    }

    [Fact]
    public async Task Claims_never_exceed_queue_limit()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b", "c", "d");
        LedgerRow first = await ClaimAsync(ledger);
        LedgerRow second = await ClaimAsync(ledger);

        Assert.Null(await ledger.ClaimPendingAsync(Service, 2, cancellationToken: None));

        // Another account's queue is another.
        LedgerRow? other = await ledger.ClaimPendingAsync(new Uri("https://enterprise.example/"), 1, cancellationToken: None);
        Assert.NotNull(other);
        await AcceptAsync(ledger, first, "1");
        Assert.Null(await ledger.ClaimPendingAsync(Service, 2, cancellationToken: None));
        // A row that waits for a retry holds its slot.
        Assert.True(await ledger.WriteAsync(second with { Status = BatchItemStatus.Pending }, release: false, None));
        Assert.Null(await ledger.ClaimPendingAsync(Service, 2, cancellationToken: None));
        Assert.True(await ledger.WriteAsync(second with { Status = BatchItemStatus.Pending }, release: true, None));
        Assert.Equal("b", (await ledger.ClaimPendingAsync(Service, 2, cancellationToken: None))?.Request);
        Assert.True(await ledger.WriteAsync(first with { Status = BatchItemStatus.Generated, GenerationId = "1" }, release: false, None));
        Assert.Equal("d", (await ledger.ClaimPendingAsync(Service, 2, cancellationToken: None))?.Request);
    }

    [Fact]
    public async Task Rows_are_claimed_together_up_to_limits()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "e", "d", "c", "b", "a");
        async Task<string> ClaimAsync(int maxRows, int queueLimit) => string.Concat((await ledger.ClaimPendingAsync(new ClaimOptions(Service, queueLimit) { MaxRows = maxRows }, None)).Select(row => row.Request));

        Assert.Equal("ed", await ClaimAsync(maxRows: 2, queueLimit: 5));
        Assert.Equal("c", await ClaimAsync(maxRows: 5, queueLimit: 3));
        Assert.Equal("", await ClaimAsync(maxRows: 5, queueLimit: 2));
        Assert.Equal("ba", await ClaimAsync(maxRows: 16, queueLimit: 100));
        Assert.Equal("", await ClaimAsync(maxRows: 16, queueLimit: 100));
    }

    [Fact]
    public async Task Generation_not_found_releases_its_slot()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b", "c");
        LedgerRow denied = await AcceptAsync(ledger, await ClaimAsync(ledger), "1");
        LedgerRow late = await AcceptAsync(ledger, await ClaimAsync(ledger), "2");
        Assert.True(await ledger.WriteAsync(denied with { ErrorCode = ErrorCode.GenerationNotFound }, release: true, None));
        Assert.True(await ledger.WriteAsync(late with { ErrorCode = ErrorCode.GenerationTimeout }, release: true, None));

        Assert.Null(await ledger.ClaimPendingAsync(Service, 1, cancellationToken: None));
        Assert.Equal("c", (await ledger.ClaimPendingAsync(Service, 2, cancellationToken: None))?.Request);
    }

    [Fact]
    public async Task Concurrent_claims_return_each_row_once()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, [.. Enumerable.Range(0, 200).Select(number => $"row {number}")]);

        string[][] claimed = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => ClaimAllAsync(ledger))));

        Assert.Equal(200, claimed.Sum(rows => rows.Length));
        Assert.Equal(200, claimed.SelectMany(rows => rows).Distinct().Count());
    }

    [Fact]
    public async Task Rows_of_dead_worker_are_claimed_nearest_expiry_first()
    {
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "late", "none", "soon", "kept");
            await GenerateAsync(dead, await ClaimAsync(dead), "1", TimeSpan.FromHours(9));
            await AcceptAsync(dead, await ClaimAsync(dead), "2");
            await GenerateAsync(dead, await ClaimAsync(dead), "3", TimeSpan.FromHours(1));
            LedgerRow kept = await ClaimAsync(dead);
            Assert.True(await dead.WriteAsync(kept with { Status = BatchItemStatus.Pending }, release: false, None));
        }

        ILedger ledger = await OpenAsync();

        IReadOnlyList<LedgerRow> first = await ledger.ClaimAbandonedAsync(Service, 2, None);
        IReadOnlyList<LedgerRow> rest = await ledger.ClaimAbandonedAsync(Service, 2, None);

        Assert.Equal(["soon", "late"], first.Select(row => row.Request));
        Assert.Equal(["none"], rest.Select(row => row.Request));
        Assert.All(first.Concat(rest), row => Assert.NotEqual(0, row.Fence));
        Assert.True(await ledger.WriteAsync(first[0] with { Status = BatchItemStatus.Saved }, release: true, None));
        // A row that it claimed and did not submit is pending again.
        Assert.Equal("kept", (await ClaimAsync(ledger)).Request);
    }

    [Fact]
    public async Task Claimed_row_includes_files_of_dead_worker()
    {
        var file = new LedgerFile(1, "/out/a.png", 1, "ab", ImageFormat.Png, 1, 1, false);
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a");
            LedgerRow row = await ClaimAsync(dead);
            Assert.True(await dead.WriteAsync(
                row with { Status = BatchItemStatus.Generated, GenerationId = "1", Files = [file] }, release: false, None));
        }

        ILedger ledger = await OpenAsync();

        Assert.Equal([file], Assert.Single(await ledger.ClaimAbandonedAsync(Service, 5, None)).Files);
    }

    [Fact]
    public async Task Row_of_another_service_is_not_claimed()
    {
        var other = new Uri("https://enterprise.example/");
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a", "b");
            await AcceptAsync(dead, (await dead.ClaimPendingAsync(other, 5, cancellationToken: None))!, "1");
            await dead.ClaimPendingAsync(other, 5, cancellationToken: None);
        }

        ILedger ledger = await OpenAsync();

        Assert.Empty(await ledger.ClaimAbandonedAsync(Service, 5, None));
        Assert.Equal(2, (await ledger.ClaimAbandonedAsync(other, 5, None)).Count);
    }

    [Fact]
    public async Task Released_row_is_claimed_by_next_run_only()
    {
        await using (ILedger first = await OpenAsync())
        {
            await ImportAsync(first, "a");
            LedgerRow row = await ClaimAsync(first);
            Assert.True(await first.WriteAsync(row with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: true, None));
            Assert.Empty(await first.ClaimAbandonedAsync(Service, 5, None));
        }

        ILedger next = await OpenAsync();

        Assert.Equal("1", Assert.Single(await next.ClaimAbandonedAsync(Service, 5, None)).GenerationId);
    }

    [Fact]
    public async Task Worker_that_lost_its_claim_cannot_write()
    {
        LedgerRow stale;
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a");
            stale = await AcceptAsync(dead, await ClaimAsync(dead), "1");
        }

        ILedger ledger = await OpenAsync();
        LedgerRow claimed = Assert.Single(await ledger.ClaimAbandonedAsync(Service, 5, None));

        Assert.False(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Failed, Error = "late" }, release: true, None));

        LedgerRow read = Assert.Single(ledger.Read([]));
        Assert.Equal((BatchItemStatus.Submitted, null, claimed.Fence), (read.Status, read.Error, read.Fence));
    }
}
