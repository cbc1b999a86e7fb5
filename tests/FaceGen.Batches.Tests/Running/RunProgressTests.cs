using FaceGen.Batches.Running;
using FaceGen.BatchModel;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Batches.Tests.Running;

public sealed class RunProgressTests
{
    private readonly TestClock _clock = new();

    [Fact]
    public void Time_left_before_first_end_is_unknown()
    {
        var meter = new RunProgress(_clock, 10);
        _clock.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(new BatchProgress(10, 0, 0, 3, 0, null, null), meter.GetProgress(3, null));
    }

    [Fact]
    public void Rate_follows_the_latest_rows()
    {
        var meter = new RunProgress(_clock, 1000);
        for (int i = 0; i < 300; i++)
        {
            _clock.Advance(TimeSpan.FromMinutes(i < 200 ? 5 : 1));
            meter.RecordEnd(isSaved: i % 10 != 0);
        }

        BatchProgress progress = meter.GetProgress(0, null);

        Assert.Equal((1000, 300, 30), (progress.Total, progress.Ended, progress.Failed));
        Assert.Equal(1, progress.RowsPerMinute, precision: 6);
        Assert.Equal(700, progress.TimeLeft!.Value.TotalMinutes, precision: 6);
    }

    [Fact]
    public void More_rows_than_expected_are_counted()
    {
        var meter = new RunProgress(_clock, 1);
        _clock.Advance(TimeSpan.FromMinutes(1));
        for (int i = 0; i < 3; i++) meter.RecordEnd(isSaved: true);

        BatchProgress progress = meter.GetProgress(0, null);

        Assert.Equal((3, 3, TimeSpan.Zero), (progress.Total, progress.Ended, progress.TimeLeft));
    }
}
