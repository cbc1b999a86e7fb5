using FaceGen.Batches.Ledgers;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A clock that is a day off does not make a live image one that is paid for again.</summary>
public sealed class WrongClockTests : IDisposable
{
    private readonly BatchFixture _fixture = new();
    private bool _isSecondRun;

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(404, 1)]
    [InlineData(404, 5)]
    [InlineData(403, 3)]
    [InlineData(410, 3)]
    public async Task Link_dead_for_a_moment_with_wrong_clock_is_saved(int status, int times)
    {
        await LeaveUnsavedAsync(again => again < times ? ScriptedResponse.Html(status) : null);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.Complete, 1, 1), (summary.StateValue, summary.Saved, _fixture.Submissions));
    }

    [Fact]
    public async Task Image_at_new_link_is_saved()
    {
        await LeaveUnsavedAsync(_ => ScriptedResponse.Html(404));
        _fixture.OnFetch = (_, _) => ScriptedResponse.Success("1", "https://cdn.example/moved/2.png");
        _fixture.OnLink = (name, _) => name == "2" ? ScriptedResponse.Image(BatchFixture.CreateImage("1")) : ScriptedResponse.Html(404);

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.Complete, 1, 1), (summary.StateValue, summary.Saved, _fixture.Submissions));
    }

    [Theory]
    [InlineData("says that it is not a day old")]
    [InlineData("is down")]
    [InlineData("is not reached")]
    public async Task Image_still_known_to_service_is_kept(string service)
    {
        await LeaveUnsavedAsync(_ => ScriptedResponse.Html(404));
        _fixture.OnFetch = (_, _) => service switch
        {
            "is down" => ScriptedResponse.Html(502),
            "is not reached" => ScriptedResponse.NotConnected,
            _ => BatchFixture.Finished(1).WithDate(_fixture.Clock.GetUtcNow().AddHours(-24)),
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.Unfinished, 0, 1), (summary.StateValue, summary.Expired, _fixture.Submissions));
        LedgerRow row = Assert.Single(await _fixture.RowsAsync());
        Assert.Equal((BatchItemStatus.Generated, ErrorCode.DownloadFailed), (row.Status, row.ErrorCode));
        Assert.Contains("It is not reported as expired", row.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Denial_by_service_after_clock_is_corrected_is_not_believed(bool hasDate)
    {
        _fixture.OnLink = (id, _) => !_isSecondRun ? ScriptedResponse.Html(500) : ScriptedResponse.Html(404);
        await _fixture.RunAsync(BatchFixture.Requests(1));
        (_isSecondRun, _fixture.Clock.Error) = (true, TimeSpan.FromHours(25));
        _fixture.OnFetch = (_, _) =>
        {
            _fixture.Clock.Error = TimeSpan.Zero;
            ScriptedResponse denial = ScriptedResponse.Error("Request not found", 404);
            return hasDate ? denial.WithDate(_fixture.Clock.GetUtcNow()) : denial;
        };

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.Unfinished, 0, 1), (summary.StateValue, summary.Expired, _fixture.Submissions));
        Assert.Contains("Correct this machine's clock", Assert.Single(await _fixture.RowsAsync()).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("denies it")]
    [InlineData("lists the dead link")]
    public async Task Image_dropped_by_service_has_expired(string service)
    {
        await LeaveUnsavedAsync(_ => ScriptedResponse.Html(404));
        DateTimeOffset now = _fixture.Clock.GetUtcNow();
        _fixture.OnFetch = (_, _) => service == "denies it" ? ScriptedResponse.Error("Request not found", 404) : BatchFixture.Finished(1).WithDate(_fixture.Clock.GetUtcNow());

        BatchSummary summary = await _fixture.RunAsync(BatchFixture.Requests(1));

        Assert.Equal((BatchState.SomeFailed, 1, 1), (summary.StateValue, summary.Expired, _fixture.Submissions));
        // Not before the links were tried for as long as those of any other image.
        Assert.InRange(_fixture.Clock.GetUtcNow() - now, TimeSpan.FromSeconds(25), TimeSpan.FromMinutes(5));
    }

    /// <summary>A first run leaves an image at the service; by the time of the second the clock has jumped by a day.</summary>
    private async Task LeaveUnsavedAsync(Func<int, ScriptedResponse?> onLink)
    {
        int again = 0;
        _fixture.OnLink = (id, _) => !_isSecondRun ? ScriptedResponse.Html(500) : onLink(again++) ?? ScriptedResponse.Image(BatchFixture.CreateImage(id));
        await _fixture.RunAsync(BatchFixture.Requests(1));
        await _fixture.Clock.AdvanceAsync(TimeSpan.FromHours(25));
        _isSecondRun = true;
    }
}
