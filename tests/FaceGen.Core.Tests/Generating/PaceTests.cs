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
        foreach (int time in milliseconds) pace.Learn(TimeSpan.Zero, TimeSpan.FromMilliseconds(Math.Abs((long)time)));

        TimeSpan wait = pace.BeforeFirstLook(eta.Get);
        return wait >= TimeSpan.FromMilliseconds(20) && wait <= TimeSpan.FromMinutes(1);
    }

    [Fact]
    public void Generations_that_took_long_are_looked_at_late()
    {
        var pace = new Pace();
        for (int i = 0; i < 10; i++) pace.Learn(TimeSpan.FromSeconds(29), TimeSpan.FromSeconds(31));

        Assert.Equal(TimeSpan.FromSeconds(30), pace.BeforeFirstLook(1));
    }

    [Fact]
    public void Old_times_are_forgotten()
    {
        var pace = new Pace();
        for (int i = 0; i < 100; i++) pace.Learn(TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(50));
        for (int i = 0; i < 100; i++) pace.Learn(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));

        Assert.Equal(TimeSpan.FromSeconds(2), pace.BeforeFirstLook(null));
    }

    [Theory]
    [InlineData(0, 0.02)]
    [InlineData(1, 0.1)]
    [InlineData(30, 3)]
    [InlineData(50, 5)]
    [InlineData(86400, 5)]
    public void Later_looks_are_a_tenth_of_the_time_apart(double elapsed, double seconds) =>
        Assert.Equal(seconds, Pace.BeforeNextLook(TimeSpan.FromSeconds(elapsed)).TotalSeconds);
}
