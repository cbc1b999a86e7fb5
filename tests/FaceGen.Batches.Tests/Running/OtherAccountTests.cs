using FaceGen.Batches.Ledgers;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A batch of one key continues with another key at the same address.</summary>
public sealed class OtherAccountTests : IDisposable
{
    private readonly BatchFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("denies it")]
    [InlineData("denies it with HTTP 200")]
    [InlineData("says that it failed")]
    public async Task Submitted_row_of_another_account_is_reported_and_kept(string service)
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (_, _) => ScriptedResponse.Processing("1", eta: 1);
        await _fixture.RunAsync(BatchFixture.Requests(1), _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(1) });
        Assert.Equal([BatchItemStatus.Submitted], await _fixture.StatusesAsync());
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromHours(25));
        _fixture.OnFetch = (_, _) => service switch
        {
            "denies it" => ScriptedResponse.Error("Request not found", 404),
            "denies it with HTTP 200" => ScriptedResponse.Error("Request not found"),
            _ => ScriptedResponse.Json("""{"status":"failed","id":1,"message":"No face was found"}"""),
        };
        string first = _fixture.Connection.Account;
        using FaceGen.Connection before = _fixture.Connection;
        _fixture.Connect(Limits.DefaultQueueLimit, "another-key-of-the-test");

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        await AssertKeptAsync(summary, BatchItemStatus.Submitted, first);

        _fixture.Connection.Dispose();
        _fixture.Connect(Limits.DefaultQueueLimit);
        _fixture.OnFetch = (_, _) => BatchFixture.Finished(1);
        Assert.Equal((BatchState.Complete, 1), ((await _fixture.RunAsync(BatchFixture.Requests(1))).StateValue, _fixture.Submissions));
    }

    [Fact]
    public async Task Image_with_dead_link_of_another_account_is_kept()
    {
        _fixture.OnLink = (_, _) => ScriptedResponse.Html(404);
        _fixture.OnFetch = (_, _) => ScriptedResponse.Html(502);
        await _fixture.RunAsync(BatchFixture.Requests(1));
        Assert.Equal([BatchItemStatus.Generated], await _fixture.StatusesAsync());
        _fixture.OnFetch = (_, _) => ScriptedResponse.Error("Request not found", 404);
        string first = _fixture.Connection.Account;
        using FaceGen.Connection before = _fixture.Connection;
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromHours(25));
        _fixture.Connect(Limits.DefaultQueueLimit, "another-key-of-the-test");

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        await AssertKeptAsync(summary, BatchItemStatus.Generated, first);
    }

    [Fact]
    public async Task New_key_of_same_account_continues_its_rows()
    {
        _fixture.OnSubmit = BatchFixture.Queued;
        _fixture.OnFetch = (_, _) => ScriptedResponse.Processing("1", eta: 1);
        await _fixture.RunAsync(BatchFixture.Requests(1), _fixture.Options with { TimeLimit = TimeSpan.FromMinutes(1) });
        _fixture.OnFetch = (_, _) => BatchFixture.Finished(1);
        using FaceGen.Connection before = _fixture.Connection;
        _fixture.Connect(Limits.DefaultQueueLimit, "new-key-of-the-same-account");

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.Complete, 1, 1), (summary.StateValue, summary.Saved, _fixture.Submissions));
    }

    private async Task AssertKeptAsync(BatchSummary summary, BatchItemStatus status, string account)
    {
        Assert.Equal((BatchState.Unfinished, 1), (summary.StateValue, _fixture.Submissions));
        LedgerRow row = Assert.Single(await _fixture.RowsAsync());
        Assert.Equal((status, ErrorCode.ConnectionMismatch), (row.Status, row.ErrorCode));
        Assert.Contains(account, row.Error, StringComparison.Ordinal);
    }
}
