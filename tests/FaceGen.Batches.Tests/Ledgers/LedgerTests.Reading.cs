using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;

namespace FaceGen.Batches.Tests.Ledgers;

public abstract partial class LedgerTests
{
    [Fact]
    public async Task Row_written_and_read_is_equal()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");
        LedgerRow claimed = await ClaimAsync(ledger);
        DateTimeOffset now = Clock.GetUtcNow();
        LedgerRow written = claimed with
        {
            Status = BatchItemStatus.Filtered,
            GenerationId = "42 ü",
            Generation = """{"status":"Success"}""",
            GeneratedAt = now.AddSeconds(3),
            EndedAt = now.AddSeconds(4),
            ExpiresAt = now.AddHours(24),
            SlotUntil = now.AddSeconds(5),
            ErrorCode = ErrorCode.DownloadFailed,
            Error = "a 'quoted' line\nand another",
            Files =
            [
                new LedgerFile(1, "/out/a-1.png", 12, "ab", ImageFormat.Png, 512, 256, false),
                new LedgerFile(2, "/out/a-2.jpg", 5_000_000_000, "cd", ImageFormat.Jpeg, 1, 2, true),
                new LedgerFile(3, "/out/a-3.gif", 13, "ef", ImageFormat.Gif, 3, 4, false, Incomplete: true),
                new LedgerFile(4, "/out/a-4.avif", 14, "01", ImageFormat.Avif, 5, 6, true, Incomplete: true),
            ],
        };

        Assert.True(await ledger.WriteAsync(written, release: false, None));

        LedgerRow read = Assert.Single(ledger.Read([]));
        Assert.Equal(written.Files, read.Files);
        Assert.Equal(written with { Files = read.Files }, read);
        Assert.True(await ledger.WriteAsync(written, release: true, None));
        Assert.Equal(0, Assert.Single(ledger.Read([])).Fence);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task History_has_the_price_of_the_latest_run_that_found_one(bool isEarlierVersion)
    {
        await using (ILedger first = await OpenAsync()) await ImportAsync(first, "a", "b");
        // A ledger of an earlier version has no columns for it.
        if (isEarlierVersion) await ExecuteAsync("ALTER TABLE workers DROP COLUMN image_price; ALTER TABLE workers DROP COLUMN currency");
        await using (ILedger before = await OpenAsync(LedgerMode.Read)) Assert.Null((await before.ReadHistoryAsync(None)).Price);

        await using (ILedger second = await OpenAsync())
        {
            await second.RecordPriceAsync(0.01m, null, None);
            await second.RecordPriceAsync(0.0225m, "EUR", None);
        }

        await using (ILedger third = await OpenAsync()) await ImportAsync(third, "a", "b");

        await using ILedger reader = await OpenAsync(LedgerMode.Read);
        Assert.Equal((0.0225m, "EUR"), (await reader.ReadHistoryAsync(None)).Price);
        await using ILedger planned = await OpenAsync(LedgerMode.Plan);
        await planned.StageAsync(Rows("a", "b", "c"), null, None);
        BatchPlan plan = await planned.PlanAsync(new PlanOptions(), None);
        Assert.Equal((3 * 0.0225m, "EUR"), (plan.Cost, plan.Currency));
    }

    [Fact]
    public async Task History_counts_paid_images_and_shows_the_run_at_work()
    {
        await using (ILedger first = await OpenAsync())
        {
            await first.StageAsync([Row("a", 1) with { Images = 2 }, Row("b", 2), Row("c", 3), Row("d", 4)], null, None);
            await first.ImportAsync(false, None);
            await EndAsync(first, await ClaimAsync(first), BatchItemStatus.Saved, "1");
            await EndAsync(first, await ClaimAsync(first), BatchItemStatus.Failed, "2");
            await EndAsync(first, await ClaimAsync(first), BatchItemStatus.Uncertain);
            Assert.Null((await first.ReadHistoryAsync(None)).RunningSince);
        }

        LedgerHistory during, after;
        await using (ILedger second = await OpenAsync())
        {
            // The failed generation was paid for, and its row is pending again.
            await second.StageAsync([Row("a", 1) with { Images = 2 }, Row("b", 2), Row("c", 3), Row("d", 4)], null, None);
            await second.ImportAsync(true, None);
            await using ILedger reader = await OpenAsync(LedgerMode.Read);
            during = await reader.ReadHistoryAsync(None);
        }

        await using (ILedger reader = await OpenAsync(LedgerMode.Read)) after = await reader.ReadHistoryAsync(None);
        Assert.Equal((4, true), (during.ImagesPaid, during.RunningSince is not null));
        Assert.Equal((4, false), (after.ImagesPaid, after.RunningSince is not null));
    }

    [Fact]
    public async Task Text_not_storable_is_replaced_and_row_kept()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");
        LedgerRow row = await ClaimAsync(ledger);

        Assert.True(await ledger.WriteAsync(row with { Status = BatchItemStatus.Failed, Error = "nul \0 and half \ud83d" }, release: true, None));

        Assert.Equal(BatchItemStatus.Failed, Assert.Single(ledger.Read([])).Status);
    }

    [Fact]
    public async Task Unknown_ids_exclude_current_and_former_ids()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b");
        await AcceptAsync(ledger, await ClaimAsync(ledger), "has");
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Failed, "had");
        await ImportAsync(ledger, ["a", "b"], retryFailed: true);

        string[] unknown = [.. await ledger.FindUnknownIdsAsync(["x", "has", "had", "y", "x"], None)];

        Assert.Equal(["x", "y"], unknown);
        Assert.Empty(await ledger.FindUnknownIdsAsync([], None));
        Assert.Equal(2000, (await ledger.FindUnknownIdsAsync([.. Enumerable.Range(0, 2000).Select(id => $"{id}"), "has"], None)).Count);
    }

    [Fact]
    public async Task File_of_another_row_is_refused()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b", "c");
        LedgerFile file = new(1, "/out/same.png", 1, "ab", ImageFormat.Png, 1, 1, false);
        LedgerRow[] rows = [await ClaimAsync(ledger), await ClaimAsync(ledger), await ClaimAsync(ledger)];
        Assert.True(await ledger.WriteAsync(rows[0] with { Status = BatchItemStatus.Saved, Files = [file] }, release: true, None));

        Task<bool> same = ledger.WriteAsync(rows[1] with { Status = BatchItemStatus.Saved, Files = [file] }, release: true, None);
        Task<bool> other = ledger.WriteAsync(
            rows[2] with { Status = BatchItemStatus.Saved, Files = [file with { Path = "/out/c.png" }] }, release: true, None);

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => same);
        Assert.Equal(ErrorCode.FileExists, error.Code);
        Assert.Contains("another row", error.Message, StringComparison.Ordinal);
        Assert.True(await other);
        Assert.Equal(
            [BatchItemStatus.Saved, BatchItemStatus.Submitting, BatchItemStatus.Saved], ledger.Read([]).Select(row => row.Status));
        // The row is still held.
        Assert.True(await ledger.WriteAsync(rows[1] with { Status = BatchItemStatus.Failed }, release: true, None));
    }

    [Fact]
    public async Task Counts_include_nearest_expiry_and_exclude_claims_of_dead_workers()
    {
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a", "b", "c");
            await GenerateAsync(dead, await ClaimAsync(dead), "1", TimeSpan.FromHours(3));
            await GenerateAsync(dead, await ClaimAsync(dead), "2", TimeSpan.FromHours(2));
            LedgerRow saved = await ClaimAsync(dead);
            Assert.True(await dead.WriteAsync(
                saved with { Status = BatchItemStatus.Saved, ExpiresAt = Clock.GetUtcNow().AddHours(1) }, release: true, None));
            Assert.Equal(0, (await dead.CountAsync(None)).ClaimedByOthers);
        }

        ILedger ledger = await OpenAsync();
        LedgerCounts counts = await ledger.CountAsync(None);

        Assert.Equal(
            (2, 1, 0, 0), (counts[BatchItemStatus.Generated], counts[BatchItemStatus.Saved], counts[BatchItemStatus.Failed], counts.ClaimedByOthers));
        Assert.Equal(Clock.GetUtcNow().AddHours(2), counts.NearestExpiry);
    }

    [Fact]
    public async Task Rows_changed_during_read_keep_their_order()
    {
        ILedger ledger = await OpenAsync();
        string[] input = [.. Enumerable.Range(0, 1200).Select(number => $"row {number}")];
        await ImportAsync(ledger, input);
        List<string> read = [];

        foreach (LedgerRow row in ledger.Read([]))
        {
            if (read.Count == 400) await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Saved);
            read.Add(row.Request);
        }

        Assert.Equal(input, read);
        Assert.Equal(["row 0"], ledger.Read([BatchItemStatus.Saved]).Select(row => row.Request));
    }

    [Fact]
    public async Task Invalid_status_is_an_error()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");
        await ExecuteAsync("UPDATE items SET status = 'Sved'");

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => ledger.CountAsync(None));

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.Contains("Sved", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_reset_by_hand_is_claimed_again()
    {
        await using (ILedger first = await OpenAsync())
        {
            await ImportAsync(first, "a");
            await SaveAllAsync(first);
        }

        await ExecuteAsync("UPDATE items SET status = 'Pending' WHERE item = 1");
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");

        Assert.Equal((2, "a"), ((await ClaimAsync(ledger)) is { } row ? (row.Attempts, row.Request) : default));
    }

    [Fact]
    public async Task Uncertain_row_with_id_set_by_hand_is_finished()
    {
        await using (ILedger first = await OpenAsync())
        {
            await ImportAsync(first, "a");
            await EndAsync(first, await ClaimAsync(first), BatchItemStatus.Uncertain);
        }

        await ExecuteAsync("""
            UPDATE items SET status = 'Submitted', generation_id = '123456', error_code = NULL, error = NULL, ended_at = NULL
            WHERE item = 1
            """);
        ILedger ledger = await OpenAsync();

        Assert.Equal("123456", Assert.Single(await ledger.ClaimAbandonedAsync(Service, 5, None)).GenerationId);
    }

    [Fact]
    public async Task Rows_made_invalid_by_hand_are_reported_and_others_read()
    {
        // The last of a page is one of them, and the row after it is on the next page.
        const int Count = 501;
        await using (ILedger ledger = await OpenAsync())
        {
            await ImportAsync(ledger, [.. Enumerable.Range(1, Count).Select(number => $"row {number}")]);
            LedgerRow saved = await ClaimAsync(ledger);
            LedgerFile file = new(1, "/out/a.png", 12, "ab", ImageFormat.Png, 512, 256, false);
            Assert.True(await ledger.WriteAsync(saved with { Status = BatchItemStatus.Saved, GenerationId = "1", Files = [file] }, release: true, None));
        }

        await ExecuteAsync("UPDATE files SET format = 'Pcx' WHERE item = 1; UPDATE items SET error_code = 'Oops' WHERE item = 2; UPDATE items SET status = 'Pendng' WHERE item = 500");
        await using ILedger read = await OpenAsync(LedgerMode.Read);
        List<FaceGenException> leftOut = [];

        string[] rows = [.. read.Read([], leftOut.Add).Select(row => row.Request)];

        Assert.Equal(Enumerable.Range(3, 497).Append(Count).Select(number => $"row {number}"), rows);
        Assert.Collection(leftOut,
            error => Assert.Equal($"Item 1 of the ledger '{read.Name}' cannot be read and is skipped: people.csv:2: The ledger contains 'Pcx' in item 1, which is not a valid ImageFormat. Correct the row by hand.", error.Message),
            error => Assert.Contains("Item 2 of the ledger", error.Message, StringComparison.Ordinal),
            error => Assert.Contains("people.csv:501: The ledger contains 'Pendng'", error.Message, StringComparison.Ordinal));
        Assert.All(leftOut, error => Assert.Equal(ErrorCode.LedgerInvalid, error.Code));
        Assert.Throws<FaceGenException>(() => read.Read([]).ToArray());
    }
}
