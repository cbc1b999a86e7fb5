using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Ledgers;

public abstract partial class LedgerTests
{
    [Fact]
    public async Task Plan_two_rows_with_same_file_are_named()
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
            await plan.StageAsync([.. Rows("saved", "failed", "new", "newer").Select((row, index) => row with { Path = paths[index] })], null, None);
            return (await plan.PlanAsync(new PlanOptions(RetryFailed: retryFailed), None)).FileConflict;
        }
    }

    [Fact]
    public async Task Plan_existing_file_or_file_of_another_row_is_named()
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
        // A file that was written after the submission may be the row's own: it is checked before the row is submitted again.
        Assert.Null(await PlanAsync(Row("uncertain", 2) with { Path = "/out/2", ExistingFileWrittenAt = now }));
        Assert.Equal(("people.csv:3", "/out/2", false), await PlanAsync(Row("uncertain", 2) with { Path = "/out/2", ExistingFileWrittenAt = now.AddSeconds(-1) }));

        async Task<(string, string, bool)?> PlanAsync(params InputRow[] rows)
        {
            await using ILedger plan = await OpenAsync(LedgerMode.Plan);
            await plan.StageAsync(rows, null, None);
            return (await plan.PlanAsync(new PlanOptions(RetryUncertain: true), None)).ExistingFile;
        }
    }

    [Fact]
    public async Task Plan_describes_run_and_writes_nothing()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "saved", "failed", "uncertain", "submitted");
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Saved);
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Failed);
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Uncertain);
        await AcceptAsync(ledger, await ClaimAsync(ledger), "7");
        await ledger.StageAsync(Rows("saved", "failed", "uncertain", "submitted", "new", "saved"), null, None);

        BatchPlan plan = await ledger.PlanAsync(default, None);
        BatchPlan failed = await ledger.PlanAsync(new PlanOptions(RetryFailed: true), None);
        BatchPlan both = await ledger.PlanAsync(new PlanOptions(RetryFailed: true, RetryUncertain: true), None);

        Assert.Equal(new BatchPlan { Rows = 6, Done = 1, InProgress = 1, Failed = 1, Uncertain = 1, ToSubmit = 2, Images = 2, Duplicates = 1, FirstDuplicate = ("people.csv:2", "people.csv:7") }, plan);
        Assert.Equal((1, 3), (failed.NotRetried, failed.ToSubmit));
        Assert.Equal((0, 4), (both.NotRetried, both.ToSubmit));
        Assert.Equal(4, ledger.Read([]).Count());
    }

    [Fact]
    public async Task Plan_counts_rows_that_may_return_fewer_images()
    {
        ILedger ledger = await OpenAsync();
        FaceImage largest = FaceImage.FromBytes(TestImages.PngFromRows(512, 768, 0, TestImages.Compress(new byte[(512 + 1) * 768])));
        Request request = FakeService.Request("largest, \"width\":512,\"height\":768");
        await ledger.StageAsync(
            [
                CreateFile(request with { Width = 512, Height = 768, Samples = 2 }),
                CreateFile(request with { Width = 512, Height = 768, Samples = 2, Seed = 1 }),
                CreateFile(request with { Width = 512, Height = 768 }),
                CreateFile(request with { Width = 512, Height = 512, Samples = 2 }),
                CreateFile(request with { Samples = 2 }),
                // The size is that of the face image, if it is not given.
                CreateFile(request with { FaceImage = largest, Samples = 2 }),
                CreateFile(request with { FaceImage = largest, Samples = 2, Width = 512 }),
                CreateFile(request with { FaceImage = largest, Samples = 2, Height = 767 }),
                CreateFile(request with { FaceImage = largest }),
                CreateFile(request with { FaceImage = FaceImage.FromBytes(TestImages.Portrait), Samples = 2 }),
            ],
            null, None);

        Assert.Equal((10, 18, 4), await ledger.PlanAsync(default, None) is var plan ? (plan.ToSubmit, plan.Images, plan.ImagesAtRisk) : default);
    }

    [Fact]
    public async Task Plan_counts_images_and_faces()
    {
        ILedger ledger = await OpenAsync();
        await ledger.StageAsync(
            [
                Row("a", 1) with { Images = 4, Face = "sha256:1" },
                Row("b", 2) with { Images = 2, Face = "sha256:1" },
                Row("c", 3) with { Face = "sha256:2" },
                Row("d", 4) with { Face = "sha256:3" },
                Row("e", 5) with { Face = "sha256:3" },
                Row("f", 6),
                Row("g", 7),
            ],
            null, None);

        BatchPlan plan = await ledger.PlanAsync(default, None);

        Assert.Equal((7, 11, 3, null), (plan.ToSubmit, plan.Images, plan.Uploads, plan.AffordableImages));
        // A row is paid for whole or not at all.
        foreach ((long max, long paid) in new[] { (0L, 0L), (3, 0), (4, 4), (5, 4), (6, 6), (7, 7), (99, 11) })
            Assert.Equal(paid, (await ledger.PlanAsync(new PlanOptions(MaxImages: max), None)).AffordableImages);
    }

    [Fact]
    public async Task Plan_ledger_missing_is_empty_and_creates_nothing()
    {
        await using (ILedger plan = await OpenAsync(LedgerMode.Plan))
        {
            await plan.StageAsync(Rows("a", "a"), null, None);
            Assert.Equal(2, (await plan.PlanAsync(default, None)).ToSubmit);
        }

        FaceGenException error = await Assert.ThrowsAsync<FaceGenException>(() => OpenAsync(LedgerMode.Read));
        Assert.Equal(ErrorCode.LedgerNotFound, error.Code);
    }

    [Fact]
    public async Task Ledger_in_use_can_be_planned_and_read()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "b");
        ILedger plan = await OpenAsync(LedgerMode.Plan);
        ILedger reader = await OpenAsync(LedgerMode.Read);

        await plan.StageAsync(Rows("a", "b", "c"), null, None);
        await AcceptAsync(ledger, await ClaimAsync(ledger), "7");

        Assert.Equal((1, 2), ((await plan.PlanAsync(default, None)).InProgress, (await plan.PlanAsync(default, None)).ToSubmit));
        Assert.Equal(1, (await reader.CountAsync(None))[BatchItemStatus.Submitted]);
        Assert.Equal([BatchItemStatus.Submitted], reader.Read([BatchItemStatus.Submitted]).Select(row => row.Status));
        Assert.NotNull(await ledger.ClaimPendingAsync(Service, 5, cancellationToken: None));
    }
}
