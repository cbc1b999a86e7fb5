using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Core.Tests.Generating;

public sealed class BackoffTests
{
    [Theory]
    [InlineData(0, 0, 0.5)]
    [InlineData(0, 1, 1)]
    [InlineData(1, 1, 2)]
    [InlineData(5, 0, 16)]
    [InlineData(6, 1, 60)]
    [InlineData(50, 0, 30)]
    [InlineData(int.MaxValue, 1, 60)]
    public void GetDelay_without_retry_after_doubles_from_a_second_to_a_minute(int attempt, double chance, double seconds) =>
        Assert.Equal(seconds, Backoff.GetDelay(attempt, null, With(chance)).TotalSeconds);

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(30, 0, 30)]
    [InlineData(30, 1, 31)]
    [InlineData(86400, 0, 86400)]
    public void GetDelay_with_retry_after_adds_at_most_a_second(double asked, double chance, double seconds) =>
        Assert.Equal(seconds, Backoff.GetDelay(3, TimeSpan.FromSeconds(asked), With(chance)).TotalSeconds);

    [Theory]
    [InlineData(86401)]
    [InlineData(1e11)]
    public void GetDelay_with_long_retry_after_is_limited_to_a_day(double asked) =>
        Assert.Equal(86400, Backoff.GetDelay(0, TimeSpan.FromSeconds(asked), With(0)).TotalSeconds);

    private static EngineServices With(double chance) => new() { NextDouble = () => chance };
}
