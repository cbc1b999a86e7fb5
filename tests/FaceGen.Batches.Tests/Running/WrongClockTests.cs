using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

/// <summary>A clock that is a day off does not make a live image one that is paid for again.</summary>
public sealed class WrongClockTests : IDisposable
{
    private readonly BatchBed _bed = new();
    private bool _isSecondRun;

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(404, 1)]
    [InlineData(404, 5)]
    [InlineData(403, 3)]
    [InlineData(410, 3)]
    public async Task Link_that_is_dead_for_a_moment_is_saved_though_the_clock_is_a_day_off(int status, int times)
    {
        await LeaveUnsavedAsync(again => again < times ? Answer.Html(status) : null);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1));

        Assert.Equal((BatchState.Complete, 1, 1), (summary.State, summary.Saved, _bed.Submissions));
    }

    [Fact]
    public async Task Image_whose_generation_the_service_has_at_another_link_is_saved()
    {
        await LeaveUnsavedAsync(_ => Answer.Html(404));
        _bed.OnFetch = (_, _) => Answer.Success("1", "https://cdn.example/moved/2.png");
        _bed.OnLink = (name, _) => name == "2" ? Answer.Image(BatchBed.Picture("1")) : Answer.Html(404);

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1));

        Assert.Equal((BatchState.Complete, 1, 1), (summary.State, summary.Saved, _bed.Submissions));
    }

    [Theory]
    [InlineData("says that it is not a day old")]
    [InlineData("is down")]
    [InlineData("is not reached")]
    public async Task Image_that_the_service_does_not_give_up_is_kept(string service)
    {
        await LeaveUnsavedAsync(_ => Answer.Html(404));
        _bed.OnFetch = (_, _) => service switch
        {
            "is down" => Answer.Html(502),
            "is not reached" => Answer.NotConnected,
            _ => BatchBed.Finished(1).WithDate(_bed.Clock.GetUtcNow().AddHours(-24)),
        };

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1));

        Assert.Equal((BatchState.Unfinished, 0, 1), (summary.State, summary.Expired, _bed.Submissions));
        LedgerRow row = Assert.Single(await _bed.RowsAsync());
        Assert.Equal((BatchItemStatus.Generated, ErrorCode.DownloadFailed), (row.Status, row.ErrorCode));
        Assert.Contains("It is not given up", row.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("denies it")]
    [InlineData("lists the dead link")]
    public async Task Image_that_the_service_gives_up_has_expired(string service)
    {
        await LeaveUnsavedAsync(_ => Answer.Html(404));
        DateTimeOffset now = _bed.Clock.GetUtcNow();
        _bed.OnFetch = (_, _) => service == "denies it" ? Answer.Error("Request not found", 404) : BatchBed.Finished(1).WithDate(_bed.Clock.GetUtcNow());

        BatchSummary summary = await _bed.RunAsync(BatchBed.Requests(1));

        Assert.Equal((BatchState.SomeFailed, 1, 1), (summary.State, summary.Expired, _bed.Submissions));
        // Not before the links were tried for as long as those of any other image.
        Assert.InRange(_bed.Clock.GetUtcNow() - now, TimeSpan.FromSeconds(25), TimeSpan.FromMinutes(5));
    }

    /// <summary>A first run leaves an image at the service; by the time of the second the clock has jumped by a day.</summary>
    private async Task LeaveUnsavedAsync(Func<int, Answer?> onLink)
    {
        int again = 0;
        _bed.OnLink = (id, _) => !_isSecondRun ? Answer.Html(500) : onLink(again++) ?? Answer.Image(BatchBed.Picture(id));
        await _bed.RunAsync(BatchBed.Requests(1));
        await _bed.Clock.PassAsync(TimeSpan.FromHours(25));
        _isSecondRun = true;
    }
}
