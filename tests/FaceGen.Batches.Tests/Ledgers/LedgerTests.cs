using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Generating;
using Microsoft.Extensions.Time.Testing;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>What every ledger does, on whatever database.</summary>
public abstract partial class LedgerTests : IAsyncLifetime
{
    private protected static readonly Uri Service = new("https://modelslab.example/");

    private readonly List<IAsyncDisposable> _opened = [];

    private protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private protected TestLog Log { get; } = new();

    private static CancellationToken None => CancellationToken.None;

    /// <summary>Names a ledger of this test that is not there yet.</summary>
    private protected abstract string Ledger { get; }

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable ledger in _opened) await ledger.DisposeAsync();
    }

    /// <summary>Changes the ledger by hand.</summary>
    private protected abstract Task ExecuteAsync(string sql);

    [Fact]
    public async Task Rows_are_taken_in_the_order_of_the_input()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "c", "a", "b");

        LedgerRow first = await ClaimAsync(ledger);
        LedgerRow second = await ClaimAsync(ledger);
        LedgerRow third = await ClaimAsync(ledger);

        Assert.Equal(["c", "a", "b"], new[] { first, second, third }.Select(row => row.Request));
        Assert.Null(await ledger.ClaimPendingAsync(Service, 5, None));
        Assert.Equal(3, new[] { first, second, third }.Select(row => row.Fence).Distinct().Count());
        Assert.Equal(new RequestSource("people.csv", 2, 1), first.Source);
        Assert.Equal((BatchItemStatus.Submitting, 1, Clock.GetUtcNow(), Service.AbsoluteUri),
            (first.Status, first.Attempts, first.SubmittedAt!.Value, first.Address));
    }

    [Fact]
    public async Task Staged_rows_show_nowhere_before_they_are_entered()
    {
        ILedger ledger = await OpenAsync();
        await ledger.StageAsync(Rows("a", "b"), None);

        Assert.Null(await ledger.ClaimPendingAsync(Service, 5, None));
        Assert.Empty((await ledger.CountAsync(None)).ByStatus);

        await ledger.ImportAsync(false, None);
        Assert.Equal(2, (await ledger.CountAsync(None))[BatchItemStatus.Pending]);
    }

    [Fact]
    public async Task A_plan_names_two_rows_that_would_be_saved_to_the_same_file()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "saved", "failed");
        LedgerRow saved = await ClaimAsync(ledger);
        LedgerFile file = new(1, "/out/a.jpg", 12, "ab", ImageFormat.Jpeg, 512, 256, false);
        Assert.True(await ledger.WriteAsync(saved with { Status = BatchItemStatus.Saved, GenerationId = "1", Files = [file] }, release: true, None));
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Failed);

        Assert.Null(await PlanAsync(null, null, null, null));
        Assert.Null(await PlanAsync("/out/a", "/out/b", "/out/c", "/out/d"));
        Assert.Equal(("people.csv:4", "people.csv:5"), await PlanAsync("/out/a", "/out/b", "/out/c", "/out/c"));
        // Saved there, and saved elsewhere.
        Assert.Equal(("people.csv:2", "people.csv:5"), await PlanAsync("/out/a", "/out/b", "/out/c", "/out/a"));
        Assert.Null(await PlanAsync("/out/c", "/out/b", "/out/c", "/out/d"));
        // Left alone, and sent again.
        Assert.Null(await PlanAsync("/out/a", "/out/b", "/out/b", "/out/d"));
        Assert.Equal(("people.csv:3", "people.csv:4"), await PlanAsync("/out/a", "/out/b", "/out/b", "/out/d", retryFailed: true));

        async Task<(string, string)?> PlanAsync(string? first, string? second, string? third, string? fourth, bool retryFailed = false)
        {
            string?[] paths = [first, second, third, fourth];
            await using ILedger plan = await OpenAsync(LedgerMode.Plan);
            await plan.StageAsync([.. Rows("saved", "failed", "new", "newer").Select((row, index) => row with { Path = paths[index] })], None);
            return (await plan.PlanAsync(retryFailed, false, None)).FileConflict;
        }
    }

    [Fact]
    public async Task A_plan_names_a_row_whose_file_is_there_already_or_another_row_s_whether_that_is_wanted_or_not()
    {
        DateTimeOffset now = Clock.GetUtcNow();
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "edited", "uncertain");
        LedgerRow edited = await ClaimAsync(ledger);
        LedgerFile file = new(1, "/out/1.webp", 12, "ab", ImageFormat.WebP, 512, 256, false);
        Assert.True(await ledger.WriteAsync(edited with { Status = BatchItemStatus.Saved, GenerationId = "1", Files = [file] }, release: true, None));
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Uncertain);

        Assert.Equal(("people.csv:2", "/out/1.webp", true), await PlanAsync(Row("new", 1) with { Path = "/out/1" }));
        Assert.Null(await PlanAsync(Row("new", 1) with { Path = "/out/1.web" }));
        Assert.Null(await PlanAsync(Row("edited", 1) with { Path = "/out/1", ExistingFileWrittenAt = now }));
        Assert.Equal(("people.csv:3", "/out/2", false), await PlanAsync(Row("edited", 1), Row("new", 2) with { Path = "/out/2", ExistingFileWrittenAt = now }));
        // What was written since it was sent may be its own; it is looked at before it is sent again.
        Assert.Null(await PlanAsync(Row("uncertain", 2) with { Path = "/out/2", ExistingFileWrittenAt = now }));
        Assert.Equal(("people.csv:3", "/out/2", false), await PlanAsync(Row("uncertain", 2) with { Path = "/out/2", ExistingFileWrittenAt = now.AddSeconds(-1) }));

        async Task<(string, string, bool)?> PlanAsync(params InputRow[] rows)
        {
            await using ILedger plan = await OpenAsync(LedgerMode.Plan);
            await plan.StageAsync(rows, None);
            return (await plan.PlanAsync(false, true, None)).ExistingFile;
        }
    }

    [Fact]
    public async Task A_ledger_is_made_when_the_input_is_entered_and_not_before()
    {
        ILedger ledger = await OpenAsync(LedgerMode.RunAndCreateOnImport);
        await ledger.StageAsync(Rows("a", "b"), None);

        Assert.Equal(2, (await ledger.PlanAsync(false, false, None)).ToSubmit);
        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync(LedgerMode.Read));
        Assert.Contains("There is no ledger", error.Message, StringComparison.Ordinal);

        await ledger.ImportAsync(false, None);
        Assert.Equal(["a", "b"], await ClaimAllAsync(ledger));
        Assert.Equal(2, (await (await OpenAsync(LedgerMode.Read)).CountAsync(None))[BatchItemStatus.Submitting]);
    }

    [Fact]
    public async Task A_ledger_that_is_there_is_taken_before_the_input_is_entered()
    {
        await using (ILedger before = await OpenAsync()) await ImportAsync(before, "a");

        ILedger ledger = await OpenAsync(LedgerMode.RunAndCreateOnImport);

        Assert.Equal(["a"], await ClaimAllAsync(ledger));
    }

    [Fact]
    public async Task A_row_comes_back_as_it_was_written()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");
        LedgerRow taken = await ClaimAsync(ledger);
        DateTimeOffset now = Clock.GetUtcNow();
        LedgerRow written = taken with
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

    [Fact]
    public async Task Text_that_a_database_could_not_hold_does_not_lose_the_row()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");
        LedgerRow row = await ClaimAsync(ledger);

        Assert.True(await ledger.WriteAsync(row with { Status = BatchItemStatus.Failed, Error = "nul \0 and half \ud83d" }, release: true, None));

        Assert.Equal(BatchItemStatus.Failed, Assert.Single(ledger.Read([])).Status);
    }

    [Fact]
    public async Task The_same_input_again_adds_nothing()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b", "a");
        await SaveAllAsync(ledger);

        await ImportAsync(ledger, "a", "b", "a");

        Assert.Null(await ledger.ClaimPendingAsync(Service, 5, None));
        Assert.Equal(3, (await ledger.CountAsync(None))[BatchItemStatus.Saved]);
    }

    [Fact]
    public async Task A_longer_input_in_another_order_adds_what_is_new()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b");
        await SaveAllAsync(ledger);

        await ImportAsync(ledger, "b", "c", "a", "a", "b");

        Assert.Equal(["c", "a", "b"], await ClaimAllAsync(ledger));
        Assert.Equal(["b", "c", "a", "a", "b"], ledger.Read([]).Select(row => row.Request));
    }

    [Fact]
    public async Task What_the_latest_input_does_not_name_is_not_done()
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
    public async Task What_was_paid_for_counts_even_where_the_latest_input_does_not_name_it()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");
        await AcceptAsync(ledger, await ClaimAsync(ledger), "7");

        await ImportAsync(ledger, "b");

        LedgerCounts counts = await ledger.CountAsync(None);
        Assert.Equal((1, 1), (counts[BatchItemStatus.Submitted], counts[BatchItemStatus.Pending]));
        Assert.Equal(["a", "b"], ledger.Read([]).Select(row => row.Request).Order());
    }

    [Fact]
    public async Task A_pending_row_takes_the_latest_text_of_its_request()
    {
        ILedger ledger = await OpenAsync();
        await ledger.StageAsync([Row("a", 1) with { Request = "old" }, Row("b", 2) with { Request = "old" }], None);
        await ledger.ImportAsync(false, None);
        LedgerRow sent = await ClaimAsync(ledger);

        await ledger.StageAsync([Row("a", 1) with { Request = "new" }, Row("b", 2) with { Request = "new" }], None);
        await ledger.ImportAsync(false, None);

        Assert.Equal("new", (await ClaimAsync(ledger)).Request);
        Assert.Equal("old", ledger.Read([]).Single(row => row.Item == sent.Item).Request);
    }

    [Fact]
    public async Task A_plan_tells_what_a_run_would_do_and_writes_nothing()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "saved", "failed", "uncertain", "submitted");
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Saved);
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Failed);
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Uncertain);
        await AcceptAsync(ledger, await ClaimAsync(ledger), "7");
        await ledger.StageAsync(Rows("saved", "failed", "uncertain", "submitted", "new", "saved"), None);

        BatchPlan plan = await ledger.PlanAsync(false, false, None);
        BatchPlan failed = await ledger.PlanAsync(true, false, None);
        BatchPlan both = await ledger.PlanAsync(true, true, None);

        Assert.Equal(new BatchPlan(Rows: 6, Done: 1, InProgress: 1, NotRetried: 2, ToSubmit: 2, Images: 2, Uploads: 0) { Duplicates = 1, FirstDuplicate = ("people.csv:2", "people.csv:7") }, plan);
        Assert.Equal((1, 3), (failed.NotRetried, failed.ToSubmit));
        Assert.Equal((0, 4), (both.NotRetried, both.ToSubmit));
        Assert.Equal(4, ledger.Read([]).Count());
    }

    [Fact]
    public async Task A_plan_counts_images_and_the_faces_that_are_large_and_shared()
    {
        ILedger ledger = await OpenAsync();
        await ledger.StageAsync(
            [
                Row("a", 1) with { Images = 4, Face = "sha256:1", FaceLength = FaceUploads.MinBytes },
                Row("b", 2) with { Images = 2, Face = "sha256:1", FaceLength = FaceUploads.MinBytes },
                Row("c", 3) with { Face = "sha256:2", FaceLength = FaceUploads.MinBytes },
                Row("d", 4) with { Face = "sha256:3", FaceLength = FaceUploads.MinBytes - 1 },
                Row("e", 5) with { Face = "sha256:3", FaceLength = FaceUploads.MinBytes - 1 },
                Row("f", 6),
                Row("g", 7),
            ],
            None);

        BatchPlan plan = await ledger.PlanAsync(false, false, None);

        Assert.Equal((7, 11, 1, null), (plan.ToSubmit, plan.Images, plan.Uploads, plan.AffordableImages));
        // A row is paid for whole or not at all.
        foreach ((long most, long paid) in new[] { (0L, 0L), (3, 0), (4, 4), (5, 4), (6, 6), (7, 7), (99, 11) })
            Assert.Equal(paid, (await ledger.PlanAsync(false, false, None, most)).AffordableImages);
    }

    [Fact]
    public async Task A_face_is_shared_by_rows_that_are_still_to_be_sent()
    {
        ILedger ledger = await OpenAsync();
        InputRow[] rows = [.. "4114233355".Select((face, index) => Row($"row {index}", index) with { Face = $"sha256:{face}", FaceLength = FaceUploads.MinBytes })];
        await ledger.StageAsync([Row("linked", 0), Row("linked", 0), .. rows[..8], .. rows[8..].Select(row => row with { FaceLength = FaceUploads.MinBytes - 1 })], None);
        await ledger.ImportAsync(false, None);
        async Task<string> SharedAsync(int most) => string.Concat((await ledger.ReadSharedFacesAsync(most, None)).Select(row => row.Face![^1]));

        Assert.Equal(("413", "4"), (await SharedAsync(9), await SharedAsync(1)));
        for (int i = 0; i < 3; i++) await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Saved);
        Assert.Equal("13", await SharedAsync(9));

        // In the order of the latest input.
        await ledger.StageAsync([.. rows.Reverse()], None);
        await ledger.ImportAsync(false, None);
        Assert.Equal("31", await SharedAsync(9));
    }

    [Fact]
    public async Task Rows_whose_face_is_not_ready_are_left_and_those_near_behind_them_are_taken()
    {
        ILedger ledger = await OpenAsync();
        InputRow[] rows = [.. Enumerable.Range(0, 1100).Select(number => Row($"row {number}", number) with { Face = number < 1050 ? "sha256:1" : "sha256:2" })];
        await ledger.StageAsync([rows[0], Row("linked", 0), .. rows[1..10], rows[^1], .. rows[10..^1]], None);
        await ledger.ImportAsync(false, None);
        async Task<string?> NextAsync(params string[] unready) => (await ledger.ClaimPendingAsync(Service, int.MaxValue, None, unready))?.Request;

        Assert.Equal("linked", await NextAsync("sha256:1", "sha256:2", "sha256:3"));
        Assert.Equal("row 1099", await NextAsync("sha256:1"));
        Assert.Null(await NextAsync("sha256:1"));
        Assert.Equal("row 0", await NextAsync("sha256:2"));
        Assert.Equal("row 1", await NextAsync());
    }

    [Fact]
    public async Task A_ledger_that_is_not_there_is_planned_as_an_empty_one_and_not_made()
    {
        await using (ILedger plan = await OpenAsync(LedgerMode.Plan))
        {
            await plan.StageAsync(Rows("a", "a"), None);
            Assert.Equal(2, (await plan.PlanAsync(false, false, None)).ToSubmit);
        }

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync(LedgerMode.Read));
        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
    }

    [Fact]
    public async Task It_can_be_planned_and_read_while_a_run_works_on_it()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b");
        ILedger plan = await OpenAsync(LedgerMode.Plan);
        ILedger reader = await OpenAsync(LedgerMode.Read);

        await plan.StageAsync(Rows("a", "b", "c"), None);
        await AcceptAsync(ledger, await ClaimAsync(ledger), "7");

        Assert.Equal((1, 2), ((await plan.PlanAsync(false, false, None)).InProgress, (await plan.PlanAsync(false, false, None)).ToSubmit));
        Assert.Equal(1, (await reader.CountAsync(None))[BatchItemStatus.Submitted]);
        Assert.Equal([BatchItemStatus.Submitted], reader.Read([BatchItemStatus.Submitted]).Select(row => row.Status));
        Assert.NotNull(await ledger.ClaimPendingAsync(Service, 5, None));
    }

    [Fact]
    public async Task No_more_rows_are_taken_than_the_queue_has_places()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b", "c", "d");
        LedgerRow first = await ClaimAsync(ledger);
        LedgerRow second = await ClaimAsync(ledger);

        Assert.Null(await ledger.ClaimPendingAsync(Service, 2, None));

        // Another account's queue is another.
        LedgerRow? other = await ledger.ClaimPendingAsync(new Uri("https://enterprise.example/"), 1, None);
        Assert.NotNull(other);
        await AcceptAsync(ledger, first, "1");
        Assert.Null(await ledger.ClaimPendingAsync(Service, 2, None));
        // One that waits to be sent once more keeps its place.
        Assert.True(await ledger.WriteAsync(second with { Status = BatchItemStatus.Pending }, release: false, None));
        Assert.Null(await ledger.ClaimPendingAsync(Service, 2, None));
        Assert.True(await ledger.WriteAsync(second with { Status = BatchItemStatus.Pending }, release: true, None));
        Assert.Equal("b", (await ledger.ClaimPendingAsync(Service, 2, None))?.Request);
        Assert.True(await ledger.WriteAsync(first with { Status = BatchItemStatus.Generated, GenerationId = "1" }, release: false, None));
        Assert.Equal("d", (await ledger.ClaimPendingAsync(Service, 2, None))?.Request);
    }

    [Fact]
    public async Task A_row_of_unknown_outcome_keeps_its_place_for_a_while()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b");
        LedgerRow row = await ClaimAsync(ledger);
        Assert.True(await ledger.WriteAsync(
            row with { Status = BatchItemStatus.Uncertain, SlotUntil = Clock.GetUtcNow().AddSeconds(60) }, release: true, None));

        Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Null(await ledger.ClaimPendingAsync(Service, 1, None));
        // That it is to be sent again does not empty the place.
        Assert.Null(await ledger.ClaimPendingAsync(Service, 1, None, retryUncertain: true));

        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("b", (await ledger.ClaimPendingAsync(Service, 1, None, retryUncertain: true))?.Request);
    }

    [Fact]
    public async Task A_row_of_unknown_outcome_is_not_sent_again_before_its_likely_end_and_keeps_the_time_of_its_submission()
    {
        DateTimeOffset? sent;
        await using (ILedger former = await OpenAsync())
        {
            await ImportAsync(former, "a");
            LedgerRow row = await ClaimAsync(former);
            sent = row.SubmittedAt;
            Assert.True(await former.WriteAsync(
                row with { Status = BatchItemStatus.Uncertain, SlotUntil = Clock.GetUtcNow().AddSeconds(60) }, release: true, None));
        }

        ILedger ledger = await OpenAsync();
        Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Null(await ledger.ClaimPendingAsync(Service, 5, None, retryUncertain: true));

        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(sent, (await ledger.ClaimPendingAsync(Service, 5, None, retryUncertain: true))!.SubmittedAt);
    }

    [Fact]
    public async Task A_place_that_a_wrong_clock_keeps_for_years_is_free()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b");
        LedgerRow row = await ClaimAsync(ledger);
        Assert.True(await ledger.WriteAsync(
            row with { Status = BatchItemStatus.Uncertain, SlotUntil = Clock.GetUtcNow().AddYears(3) }, release: true, None));

        Assert.Equal("b", (await ledger.ClaimPendingAsync(Service, 1, None))?.Request);
    }

    [Fact]
    public async Task A_generation_that_the_service_denies_keeps_no_place()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b", "c");
        LedgerRow denied = await AcceptAsync(ledger, await ClaimAsync(ledger), "1");
        LedgerRow late = await AcceptAsync(ledger, await ClaimAsync(ledger), "2");
        Assert.True(await ledger.WriteAsync(denied with { ErrorCode = ErrorCode.GenerationNotFound }, release: true, None));
        Assert.True(await ledger.WriteAsync(late with { ErrorCode = ErrorCode.GenerationTimeout }, release: true, None));

        Assert.Null(await ledger.ClaimPendingAsync(Service, 1, None));
        Assert.Equal("c", (await ledger.ClaimPendingAsync(Service, 2, None))?.Request);
    }

    [Fact]
    public async Task Concurrent_callers_take_each_row_once()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, [.. Enumerable.Range(0, 200).Select(number => $"row {number}")]);

        string[][] taken = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => ClaimAllAsync(ledger))));

        Assert.Equal(200, taken.Sum(rows => rows.Length));
        Assert.Equal(200, taken.SelectMany(rows => rows).Distinct().Count());
    }

    [Fact]
    public async Task What_a_dead_worker_was_sending_is_uncertain_and_told_once()
    {
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a");
            await ClaimAsync(dead);
        }

        Clock.Advance(TimeSpan.FromSeconds(4));
        ILedger ledger = await OpenAsync();

        LedgerRow row = Assert.Single(await ledger.ClaimAbandonedAsync(Service, 0, None));

        Assert.Equal((BatchItemStatus.Uncertain, ErrorCode.SubmissionUncertain, 0), (row.Status, row.ErrorCode, row.Fence));
        Assert.Equal((Clock.GetUtcNow(), Clock.GetUtcNow().AddSeconds(6)), (row.EndedAt!.Value, row.SlotUntil!.Value));
        Assert.Empty(await ledger.ClaimAbandonedAsync(Service, 5, None));
    }

    [Theory]
    [InlineData(60, 20)]
    [InlineData(60, 20, 20, 20)]
    [InlineData(10, 1)]
    // It was accepted in the evening, and the next run began in the morning.
    [InlineData(60, 20, 20, 9 * 3600)]
    [InlineData(120, 9 * 3600)]
    public async Task How_long_the_place_is_kept_comes_from_how_long_the_service_usually_takes(int expected, params int[] seconds)
    {
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, [.. Enumerable.Range(0, seconds.Length + 1).Select(number => $"row {number}")]);
            foreach (int taken in seconds)
            {
                LedgerRow done = await ClaimAsync(dead);
                Assert.True(await dead.WriteAsync(
                    done with { Status = BatchItemStatus.Saved, GeneratedAt = done.SubmittedAt!.Value.AddSeconds(taken) }, release: true, None));
            }

            await ClaimAsync(dead);
        }

        ILedger ledger = await OpenAsync();

        LedgerRow row = Assert.Single(await ledger.ClaimAbandonedAsync(Service, 5, None));

        Assert.Equal(row.SubmittedAt!.Value.AddSeconds(expected), row.SlotUntil);
    }

    [Fact]
    public async Task What_a_dead_worker_had_accepted_is_taken_over_the_nearest_expiry_first()
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
        // What it had taken and not sent is pending again.
        Assert.Equal("kept", (await ClaimAsync(ledger)).Request);
    }

    [Fact]
    public async Task The_files_that_a_dead_worker_had_saved_come_with_the_row()
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
    public async Task What_another_service_was_sent_is_left_alone()
    {
        var other = new Uri("https://enterprise.example/");
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a", "b");
            await AcceptAsync(dead, (await dead.ClaimPendingAsync(other, 5, None))!, "1");
            await dead.ClaimPendingAsync(other, 5, None);
        }

        ILedger ledger = await OpenAsync();

        Assert.Empty(await ledger.ClaimAbandonedAsync(Service, 5, None));
        Assert.Equal(2, (await ledger.ClaimAbandonedAsync(other, 5, None)).Count);
    }

    [Fact]
    public async Task What_a_run_gave_up_is_taken_by_the_next_and_not_by_itself()
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
    public async Task Whoever_was_taken_for_dead_can_no_longer_write()
    {
        LedgerRow stale;
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a");
            stale = await AcceptAsync(dead, await ClaimAsync(dead), "1");
        }

        ILedger ledger = await OpenAsync();
        LedgerRow taken = Assert.Single(await ledger.ClaimAbandonedAsync(Service, 5, None));

        Assert.False(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Failed, Error = "late" }, release: true, None));

        LedgerRow read = Assert.Single(ledger.Read([]));
        Assert.Equal((BatchItemStatus.Submitted, null, taken.Fence), (read.Status, read.Error, read.Fence));
    }

    [Fact]
    public async Task Whoever_was_taken_for_dead_between_two_tries_does_not_send_what_has_become_uncertain()
    {
        LedgerRow stale;
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a");
            stale = await ClaimAsync(dead) with { Status = BatchItemStatus.Pending, Attempts = 0 };
            Assert.True(await dead.WriteAsync(stale, release: false, None));
        }

        ILedger ledger = await OpenAsync();
        Assert.Empty(await ledger.ClaimAbandonedAsync(Service, 5, None));
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Uncertain);

        // Both have counted their own submission as the first.
        Assert.False(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Submitting, Attempts = 1 }, release: false, None));
        Assert.False(await ledger.WriteAsync(stale, release: true, None));

        Assert.Equal((BatchItemStatus.Uncertain, 1), Assert.Single(ledger.Read([]).Select(row => (row.Status, row.Attempts))));
    }

    [Fact]
    public async Task An_id_that_comes_late_settles_an_uncertain_row()
    {
        (ILedger ledger, LedgerRow stale) = await LeaveUncertainAsync();

        Assert.True(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: false, None));
        Assert.True(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Saved, GenerationId = "1" }, release: true, None));

        LedgerRow read = Assert.Single(ledger.Read([]));
        Assert.Equal((BatchItemStatus.Saved, "1", null), (read.Status, read.GenerationId, read.Error));
    }

    [Fact]
    public async Task A_refusal_that_comes_late_takes_the_doubt_back()
    {
        (ILedger ledger, LedgerRow stale) = await LeaveUncertainAsync();

        Assert.False(await ledger.WriteAsync(stale, release: false, None));
        Assert.True(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Pending, Attempts = 0 }, release: false, None));

        LedgerRow row = Assert.Single(ledger.Read([]));
        Assert.Equal((BatchItemStatus.Pending, 0, null, stale.Fence), (row.Status, row.Attempts, row.Error, row.Fence));
        Assert.True(await ledger.WriteAsync(stale, release: false, None));
    }

    [Fact]
    public async Task An_id_that_comes_late_saves_a_second_submission_that_was_not_sent_yet()
    {
        (ILedger ledger, LedgerRow stale) = await LeaveUncertainAsync();

        Assert.True(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: false, None));

        Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(await ledger.ClaimPendingAsync(Service, 5, None, retryUncertain: true));
    }

    [Fact]
    public async Task An_id_that_comes_after_the_second_submission_changes_nothing()
    {
        (ILedger ledger, LedgerRow stale) = await LeaveUncertainAsync();
        Clock.Advance(TimeSpan.FromMinutes(2));
        LedgerRow again = (await ledger.ClaimPendingAsync(Service, 5, None, retryUncertain: true))!;

        Assert.False(await ledger.WriteAsync(stale with { Status = BatchItemStatus.Submitted, GenerationId = "1" }, release: false, None));

        Assert.Equal((2, again.Fence), (again.Attempts, Assert.Single(ledger.Read([])).Fence));
    }

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "expired,failed")]
    public async Task Only_what_is_asked_for_is_pending_again(bool retryFailed, string expected)
    {
        ILedger ledger = await OpenAsync();
        string[] input = ["saved", "filtered", "failed", "expired", "uncertain"];
        BatchItemStatus[] ends =
            [BatchItemStatus.Saved, BatchItemStatus.Filtered, BatchItemStatus.Failed, BatchItemStatus.Expired, BatchItemStatus.Uncertain];
        await ImportAsync(ledger, input);
        foreach (BatchItemStatus end in ends) await EndAsync(ledger, await ClaimAsync(ledger), end);

        await ImportAsync(ledger, input, retryFailed);

        LedgerRow[] pending = [.. ledger.Read([BatchItemStatus.Pending])];
        Assert.Equal(expected, string.Join(",", pending.Select(row => row.Request).Order()));
        Assert.All(pending, row => Assert.Equal((null, null, null, null, 1), (row.GenerationId, row.ErrorCode, row.Error, row.EndedAt, row.Attempts)));
    }

    [Fact]
    public async Task A_row_of_unknown_outcome_is_sent_again_by_a_run_that_takes_the_risk_and_by_no_other()
    {
        ILedger careful = await OpenAsync();
        await ImportAsync(careful, "a", "b", "c");
        await EndAsync(careful, await ClaimAsync(careful), BatchItemStatus.Uncertain);
        await careful.DisposeAsync();
        ILedger daring = await OpenAsync();
        Task<LedgerRow?> NextAsync(bool retryUncertain = true) => daring.ClaimPendingAsync(Service, 5, None, retryUncertain: retryUncertain);

        LedgerRow?[] taken = [await NextAsync(), await NextAsync(), await NextAsync(false), await NextAsync(), await NextAsync()];

        Assert.Equal(["b", "c", null, "a", null], taken.Select(row => row?.Request));
        // It tells of the doubt until that is settled.
        Assert.Equal((2, "why", ErrorCode.FetchFailed), (taken[3]!.Attempts, taken[3]!.Error, taken[3]!.ErrorCode));
        Assert.True(await daring.WriteAsync(taken[3]! with { Status = BatchItemStatus.Uncertain }, release: true, None));
        Assert.Null(await NextAsync());
        Assert.Equal((1, 0), ((await daring.CountAsync(None))[BatchItemStatus.Uncertain], (await daring.CountAsync(None)).RetryableUncertain));
        await daring.DisposeAsync();
        ILedger next = await OpenAsync();
        await ImportAsync(next, "a");
        Assert.Null(await next.ClaimPendingAsync(Service, 5, None));
        Assert.Equal("a", (await next.ClaimPendingAsync(Service, 5, None, retryUncertain: true))?.Request);
    }

    [Fact]
    public async Task Ids_that_rows_have_or_had_are_known()
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
    public async Task Faces_are_kept_once_with_the_input()
    {
        ILedger ledger = await OpenAsync();
        InputRow first = Row("a", 1) with { Face = "sha256:1", FaceBytes = [1, 2, 3] };
        await ledger.StageAsync([first, Row("b", 2) with { Face = "sha256:1", FaceBytes = [1, 2, 3] }], None);
        await ledger.ImportAsync(false, None);
        await ledger.StageAsync([first], None);
        await ledger.ImportAsync(false, None);

        Assert.Equal([1, 2, 3], await ledger.ReadFaceAsync("sha256:1", None));
        Assert.Null(await ledger.ReadFaceAsync("sha256:2", None));
    }

    [Fact]
    public async Task A_file_belongs_to_one_row()
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
    public async Task Counts_tell_the_nearest_expiry_and_nothing_of_what_the_dead_hold()
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
    public async Task Rows_are_read_in_order_whatever_becomes_of_them_meanwhile()
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
    public async Task A_status_that_is_none_is_told()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a");
        await ExecuteAsync("UPDATE items SET status = 'Sved'");

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => ledger.CountAsync(None));

        Assert.Equal(ErrorCode.LedgerInvalid, error.Code);
        Assert.Contains("Sved", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_is_set_back_by_hand_is_done_again()
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
    public async Task An_uncertain_row_whose_id_is_entered_by_hand_is_finished()
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
    public async Task Rows_that_were_changed_by_hand_to_something_invalid_are_named_and_the_others_read()
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
            error => Assert.Equal($"Item 1 of the ledger '{read.Name}' cannot be read and is left out: people.csv:2: The ledger holds 'Pcx' where a ImageFormat belongs.", error.Message),
            error => Assert.Contains("Item 2 of the ledger", error.Message, StringComparison.Ordinal),
            error => Assert.Contains("people.csv:501: The ledger holds 'Pendng'", error.Message, StringComparison.Ordinal));
        Assert.All(leftOut, error => Assert.Equal(ErrorCode.LedgerInvalid, error.Code));
        Assert.Throws<FaceGenException>(() => read.Read([]).ToArray());
    }

    private protected Task<ILedger> OpenAsync(LedgerMode mode = LedgerMode.Run) => OpenAsync(Ledger, Clock, mode);

    private protected async Task<ILedger> OpenAsync(string name, TimeProvider time, LedgerMode mode = LedgerMode.Run)
    {
        ILedger ledger = await FaceGen.Batches.Ledgers.LedgerFactory.OpenAsync(LedgerLocation.Parse(name), mode, time, Log, None);
        _opened.Add(ledger);
        return ledger;
    }

    private protected static InputRow Row(string request, int number) =>
        new($"hash of {request}", request, 1, null, null, new RequestSource("people.csv", number + 1, number));

    private protected static InputRow[] Rows(params string[] requests) => [.. requests.Select((request, index) => Row(request, index + 1))];

    private protected static Task ImportAsync(ILedger ledger, params string[] requests) => ImportAsync(ledger, requests, false);

    private protected static async Task ImportAsync(ILedger ledger, string[] requests, bool retryFailed)
    {
        await ledger.StageAsync(Rows(requests), None);
        await ledger.ImportAsync(retryFailed, None);
    }

    private protected static async Task<LedgerRow> ClaimAsync(ILedger ledger)
    {
        LedgerRow? row = await ledger.ClaimPendingAsync(Service, int.MaxValue, None);
        Assert.NotNull(row);
        return row;
    }

    private protected static async Task<string[]> ClaimAllAsync(ILedger ledger)
    {
        List<string> taken = [];
        while (await ledger.ClaimPendingAsync(Service, int.MaxValue, None) is { } row) taken.Add(row.Request);
        return [.. taken];
    }

    private protected static async Task<LedgerRow> AcceptAsync(ILedger ledger, LedgerRow row, string id)
    {
        LedgerRow accepted = row with { Status = BatchItemStatus.Submitted, GenerationId = id };
        Assert.True(await ledger.WriteAsync(accepted, release: false, None));
        return accepted;
    }

    private async Task GenerateAsync(ILedger ledger, LedgerRow row, string id, TimeSpan left) =>
        Assert.True(await ledger.WriteAsync(
            row with { Status = BatchItemStatus.Generated, GenerationId = id, ExpiresAt = Clock.GetUtcNow() + left }, release: false, None));

    private protected async Task EndAsync(ILedger ledger, LedgerRow row, BatchItemStatus status, string? id = null) =>
        Assert.True(await ledger.WriteAsync(
            row with { Status = status, GenerationId = id, EndedAt = Clock.GetUtcNow(), Error = "why", ErrorCode = ErrorCode.FetchFailed }, release: true, None));

    private async Task SaveAllAsync(ILedger ledger)
    {
        while (await ledger.ClaimPendingAsync(Service, int.MaxValue, None) is { } row) await EndAsync(ledger, row, BatchItemStatus.Saved);
    }

    /// <summary>A row whose worker was taken for dead while it was being sent, as that worker has it.</summary>
    private async Task<(ILedger Ledger, LedgerRow Stale)> LeaveUncertainAsync()
    {
        LedgerRow stale;
        await using (ILedger dead = await OpenAsync())
        {
            await ImportAsync(dead, "a");
            stale = await ClaimAsync(dead);
        }

        ILedger ledger = await OpenAsync();
        Assert.Single(await ledger.ClaimAbandonedAsync(Service, 5, None));
        return (ledger, stale);
    }
}
