using FaceGen.Batches.Ledgers;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Ledgers;

/// <summary>Which rows of an input a ledger recognizes, and which of them repeat another row.</summary>
public abstract partial class LedgerTests
{
    private const string Monday = "https://faces.example/a.jpg?X-Amz-Date=20260101T000000Z&X-Amz-Expires=900&X-Amz-Signature=aa11";
    private const string Tuesday = "https://faces.example/a.jpg?X-Amz-Date=20260102T000000Z&X-Amz-Expires=900&X-Amz-Signature=bb22";

    [Fact]
    public async Task Row_with_new_link_signature_is_recognized_and_uses_new_link()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, CreateFile(Request("a", Monday)), CreateFile(Request("b", Monday)));
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Saved);

        await ImportAsync(ledger, CreateFile(Request("a", Tuesday)), CreateFile(Request("b", Tuesday)));

        Assert.Equal(2, ledger.Read([]).Count());
        LedgerRow pending = await ClaimAsync(ledger);
        Assert.Equal(("b", Tuesday), (Read(pending).Prompt, Read(pending).FaceImage.Link!.AbsoluteUri));
        Assert.Null(await ledger.ClaimPendingAsync(Service, int.MaxValue, cancellationToken: None));
    }

    [Theory]
    [InlineData("one\r\ntwo", Monday, "one\ntwo", Tuesday)]
    [InlineData("one\ntwo", Monday, "one\r\ntwo", Monday)]
    [InlineData("one\r\ntwo", "https://faces.example/a.jpg", "one\ntwo", "https://faces.example/a.jpg")]
    [InlineData("a", Monday, "a", Monday)]
    [InlineData("a", Monday, "a", Tuesday)]
    [InlineData("a", Monday, "a", "https://faces.example/a.jpg")]
    public async Task Row_with_legacy_hash_is_recognized(string promptBefore, string linkBefore, string prompt, string link)
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, CreateLegacyRow(Request(promptBefore, linkBefore)));
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Saved);
        InputRow row = CreateFile(Request(prompt, link));

        await using (ILedger plan = await OpenAsync(LedgerMode.Plan))
        {
            await plan.StageAsync([row], null, None);
            BatchPlan planned = await plan.PlanAsync(default, None);
            Assert.Equal((1, 0), (planned.Done, planned.ToSubmit));
        }

        // Twice: the recognition must not wear off.
        for (int run = 0; run < 2; run++)
        {
            await ImportAsync(ledger, row);
            Assert.Null(await ledger.ClaimPendingAsync(Service, int.MaxValue, cancellationToken: None));
            Assert.Equal(BatchItemStatus.Saved, Assert.Single(ledger.Read([])).Status);
        }
    }

    [Fact]
    public async Task Row_with_leading_zeros_in_its_track_id_is_that_of_an_earlier_version()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, CreateFile(Request("a", Monday) with { TrackId = "7" }));

        await ImportAsync(ledger, CreateFile(Request("a", Monday) with { TrackId = "007" }));

        Assert.Equal("007", Read(Assert.Single(ledger.Read([]))).TrackId);
    }

    [Fact]
    public async Task Rows_with_legacy_hash_paid_ones_match_first()
    {
        ILedger ledger = await OpenAsync();
        InputRow pending = CreateLegacyRow(Request("one\ntwo", Tuesday)), saved = CreateLegacyRow(Request("one\r\ntwo", Monday));
        await ImportAsync(ledger, saved, pending);
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Saved);
        InputRow row = CreateFile(Request("one\ntwo", Tuesday));

        await ImportAsync(ledger, row);
        Assert.Null(await ledger.ClaimPendingAsync(Service, int.MaxValue, cancellationToken: None));

        await ImportAsync(ledger, row, row, row);
        Assert.Equal(2, (await ledger.CountAsync(None))[BatchItemStatus.Pending]);
        Assert.Equal(3, ledger.Read([]).Count());

        await ImportAsync(ledger, row, row, row, row);
        Assert.Equal(4, ledger.Read([]).Count());
        Assert.Equal(3, (await ledger.CountAsync(None))[BatchItemStatus.Pending]);
    }

    [Fact]
    public async Task Row_with_legacy_hash_and_local_face_is_recognized()
    {
        ILedger ledger = await OpenAsync();
        Request request = Request("one\r\ntwo", Monday) with { FaceImage = FaceImage.FromBytes(TestImages.Portrait) };
        await ImportAsync(ledger, CreateLegacyRow(request));
        await EndAsync(ledger, await ClaimAsync(ledger), BatchItemStatus.Saved);

        await ImportAsync(ledger, CreateFile(request with { Prompt = "one\ntwo" }), CreateFile(request with { Prompt = "one two" }));

        Assert.Equal("one two", Read(await ClaimAsync(ledger)).Prompt);
        Assert.Null(await ledger.ClaimPendingAsync(Service, int.MaxValue, cancellationToken: None));
    }

    [Fact]
    public async Task Plan_counts_duplicates_and_skips_them_on_request()
    {
        InputRow[] rows = Rows("a", "b", "a", "a", "c", "b");
        ILedger ledger = await OpenAsync();
        await ledger.StageAsync(rows, null, None);

        BatchPlan all = await ledger.PlanAsync(default, None);
        ledger.SkipDuplicates = true;
        BatchPlan few = await ledger.PlanAsync(default, None);
        await ledger.ImportAsync(false, None);

        Assert.Equal((6, 3, 6, ("people.csv:2", "people.csv:4")), (all.Rows, all.Duplicates, all.ToSubmit, all.FirstDuplicate!.Value));
        Assert.Equal((3, 3, 3), (few.Rows, few.Duplicates, few.ToSubmit));
        Assert.Null(few.FirstDuplicate);
        Assert.Equal(["a", "b", "c"], await ClaimAllAsync(ledger));
    }

    [Fact]
    public async Task Plan_duplicates_sent_before_are_not_named()
    {
        ILedger ledger = await OpenAsync();
        await ImportAsync(ledger, "a", "a");
        await SaveAllAsync(ledger);
        await ledger.StageAsync(Rows("a", "a"), null, None);

        BatchPlan plan = await ledger.PlanAsync(default, None);

        Assert.Equal((2, 1), (plan.Done, plan.Duplicates));
        Assert.Null(plan.FirstDuplicate);
    }

    private static Request Request(string prompt, string link) => new() { Prompt = prompt, FaceImage = FaceImage.Parse(link, path => path) };

    private static InputRow CreateFile(Request request) => new RequestSerializer().ToInputRow(request);

    /// <summary>The row as FaceGen wrote it before it left line ends and signatures out of the hash.</summary>
    private static InputRow CreateLegacyRow(Request request)
    {
        InputRow row = CreateFile(request);
        return row with { Hash = Sha256.ComputeHex(RequestSerializer.ToJson(request with { Webhook = null }, row.Face ?? request.FaceImage.Link!.AbsoluteUri)) };
    }

    private static Request Read(LedgerRow row) => new RequestSerializer().Deserialize(row.Request, row.Source, _ => TestImages.Portrait);

    private static async Task ImportAsync(ILedger ledger, params InputRow[] rows)
    {
        await ledger.StageAsync(rows, null, None);
        await ledger.ImportAsync(false, None);
    }
}
