using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A batch that one key has begun goes on with another one at the same address.</summary>
public sealed class OtherAccountTests : IDisposable
{
    private readonly BatchBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData("denies it")]
    [InlineData("denies it with HTTP 200")]
    [InlineData("says that it failed")]
    public async Task Submitted_row_that_another_key_cannot_fetch_is_refused_by_name_and_kept(string service)
    {
        _bed.OnSubmit = BatchBed.Queued;
        _bed.OnFetch = (_, _) => Answer.Processing("1", eta: 1);
        await _bed.RunAsync(BatchBed.Requests(1), _bed.Options with { TimeLimit = TimeSpan.FromMinutes(1) });
        Assert.Equal([BatchItemStatus.Submitted], await _bed.StatusesAsync());
        await _bed.Clock.PassAsync(TimeSpan.FromHours(25));
        _bed.OnFetch = (_, _) => service switch
        {
            "denies it" => Answer.Error("Request not found", 404),
            "denies it with HTTP 200" => Answer.Error("Request not found"),
            _ => Answer.Json("""{"status":"failed","id":1,"message":"No such request"}"""),
        };
        string first = _bed.Connection.Account;
        using FaceGen.Http.Connection before = _bed.Connection;
        _bed.Connect(Limits.DefaultQueueLimit, "another-key-of-the-test");

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1));

        await AssertKeptAsync(summary, BatchItemStatus.Submitted, first);

        _bed.Connection.Dispose();
        _bed.Connect(Limits.DefaultQueueLimit);
        _bed.OnFetch = (_, _) => BatchBed.Finished(1);
        Assert.Equal((BatchState.Complete, 1), ((await _bed.RunAsync(BatchBed.Requests(1))).State, _bed.Submissions));
    }

    [Fact]
    public async Task Image_whose_link_is_dead_and_that_another_key_cannot_fetch_is_kept()
    {
        _bed.OnLink = (_, _) => Answer.Html(404);
        _bed.OnFetch = (_, _) => Answer.Html(502);
        await _bed.RunAsync(BatchBed.Requests(1));
        Assert.Equal([BatchItemStatus.Generated], await _bed.StatusesAsync());
        _bed.OnFetch = (_, _) => Answer.Error("Request not found", 404);
        string first = _bed.Connection.Account;
        using FaceGen.Http.Connection before = _bed.Connection;
        await _bed.Clock.PassAsync(TimeSpan.FromHours(25));
        _bed.Connect(Limits.DefaultQueueLimit, "another-key-of-the-test");

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1));

        await AssertKeptAsync(summary, BatchItemStatus.Generated, first);
    }

    [Fact]
    public async Task New_key_of_the_same_account_goes_on_with_its_rows()
    {
        _bed.OnSubmit = BatchBed.Queued;
        _bed.OnFetch = (_, _) => Answer.Processing("1", eta: 1);
        await _bed.RunAsync(BatchBed.Requests(1), _bed.Options with { TimeLimit = TimeSpan.FromMinutes(1) });
        _bed.OnFetch = (_, _) => BatchBed.Finished(1);
        using FaceGen.Http.Connection before = _bed.Connection;
        _bed.Connect(Limits.DefaultQueueLimit, "new-key-of-the-same-account");

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1));

        Assert.Equal((BatchState.Complete, 1, 1), (summary.State, summary.Saved, _bed.Submissions));
    }

    private async Task AssertKeptAsync(BatchSummary summary, BatchItemStatus status, string account)
    {
        Assert.Equal((BatchState.Unfinished, 1), (summary.State, _bed.Submissions));
        LedgerRow row = Assert.Single(await _bed.RowsAsync());
        Assert.Equal((status, ErrorCode.ConnectionMismatch), (row.Status, row.ErrorCode));
        Assert.Contains(account, row.Error, StringComparison.Ordinal);
    }
}
