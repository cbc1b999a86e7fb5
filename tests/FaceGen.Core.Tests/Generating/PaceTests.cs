using FaceGen.Generating;
using FsCheck;
using FsCheck.Xunit;

namespace FaceGen.Core.Tests.Generating;

public sealed class PaceTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(-5.0)]
    [InlineData(3600.0)]
    [InlineData(double.MaxValue)]
    [InlineData(double.MinValue)]
    public void The_first_look_is_neither_at_once_nor_late_whatever_the_service_expects(double? eta) =>
        Assert.InRange(new Pace().BeforeFirstLook(eta), TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(1));

    [Property]
    public bool Whatever_was_learnt_the_first_look_is_within_a_minute(int[] milliseconds, NormalFloat eta)
    {
        var pace = new Pace();
        foreach (int time in milliseconds) Learn(pace, 0, Math.Abs((long)time) / 1000.0);

        TimeSpan wait = pace.BeforeFirstLook(eta.Get);
        return wait >= TimeSpan.FromMilliseconds(20) && wait <= TimeSpan.FromMinutes(1);
    }

    [Fact]
    public void Generations_that_took_long_are_looked_at_late()
    {
        var pace = new Pace();
        for (int i = 0; i < 10; i++) Learn(pace, 29, 31);

        Assert.Equal(TimeSpan.FromSeconds(30), pace.BeforeFirstLook(1));
    }

    [Fact]
    public void Old_times_are_forgotten()
    {
        var pace = new Pace();
        for (int i = 0; i < 100; i++) Learn(pace, 50, 50);
        for (int i = 0; i < 100; i++) Learn(pace, 2, 2);

        Assert.Equal(TimeSpan.FromSeconds(2), pace.BeforeFirstLook(null));
    }

    [Fact]
    public void What_is_not_heard_of_is_given_ten_seconds_at_least_and_two_minutes_at_most()
    {
        var pace = new Pace();
        Assert.Equal(TimeSpan.FromSeconds(10), pace.LongTime());
        Learn(pace, 0, 0.1);
        Assert.Equal(TimeSpan.FromSeconds(10), pace.LongTime());
        Learn(pace, 15, 20);
        Assert.Equal(TimeSpan.FromSeconds(40), pace.LongTime());
        Learn(pace, 80, 90);
        Assert.Equal(TimeSpan.FromMinutes(2), pace.LongTime());
    }

    [Fact]
    public void What_is_not_heard_of_is_given_twice_the_time_since_the_sending_not_since_the_answer()
    {
        var pace = new Pace();
        pace.Learn(TimeSpan.Zero, TimeSpan.FromSeconds(0.02), sinceSent: TimeSpan.FromSeconds(30));

        Assert.Equal(TimeSpan.FromSeconds(60), pace.LongTime());
    }

    [Theory]
    [InlineData(0, 0.02)]
    [InlineData(1, 0.1)]
    [InlineData(30, 3)]
    [InlineData(50, 5)]
    [InlineData(86400, 5)]
    public void Later_looks_are_a_tenth_of_the_time_apart(double elapsed, double seconds) =>
        Assert.Equal(seconds, Pace.BeforeNextLook(TimeSpan.FromSeconds(elapsed)).TotalSeconds);

    private static void Learn(Pace pace, double before, double after) =>
        pace.Learn(TimeSpan.FromSeconds(before), TimeSpan.FromSeconds(after), TimeSpan.FromSeconds(after));
}
