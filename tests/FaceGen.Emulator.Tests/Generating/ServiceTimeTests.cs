using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Generating;

public sealed class ServiceTimeTests
{
    [Theory]
    [InlineData("fixed:1.5")]
    [InlineData("uniform:1-3")]
    [InlineData("lognormal:3:0.4")]
    [InlineData("bimodal:2:9:0.25")]
    [InlineData("steps:0.05")]
    public void What_is_read_is_written_the_same(string text) =>
        Assert.Equal(text, ServiceTime.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("fixed")]
    [InlineData("fixed:")]
    [InlineData("fixed:-1")]
    [InlineData("fixed:NaN")]
    [InlineData("fixed:1e9")]
    [InlineData("fixed:999999")]
    [InlineData("uniform:3-1")]
    [InlineData("uniform:3")]
    [InlineData("lognormal:3")]
    [InlineData("bimodal:2:9")]
    [InlineData("bimodal:2:9:1.1")]
    [InlineData("normal:3,1")]
    public void Nonsense_is_refused_with_examples(string text)
    {
        FormatException error = Assert.Throws<FormatException>(() => ServiceTime.Parse(text));
        Assert.Contains("lognormal:3:0.4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fixed_time_is_the_eta()
    {
        int[] etas = await EtasAsync(ServiceTime.Parse("fixed:90"));

        Assert.Equal([90, 90, 90], etas);
    }

    [Fact]
    public async Task Time_by_steps_follows_the_request()
    {
        await using TestService service = await TestService.StartAsync(Options(ServiceTime.Parse("steps:2")));

        Answer answer = await service.SubmitAsync(("num_inference_steps", 41));

        Assert.Equal(82, Eta(answer));
    }

    [Fact]
    public async Task Uniform_times_stay_within_their_bounds_and_vary()
    {
        int[] etas = await EtasAsync(ServiceTime.Parse("uniform:100-200"), count: 20);

        Assert.All(etas, static eta => Assert.InRange(eta, 100, 200));
        Assert.True(etas.Distinct().Count() > 5);
    }

    [Fact]
    public async Task Lognormal_times_lie_about_their_median()
    {
        int[] etas = await EtasAsync(ServiceTime.Parse("lognormal:100:0.4"), count: 60);

        Assert.InRange(etas.Order().ElementAt(etas.Length / 2), 75, 135);
    }

    [Fact]
    public async Task Bimodal_times_are_of_two_kinds_and_of_nothing_between()
    {
        int[] etas = await EtasAsync(ServiceTime.Parse("bimodal:100:900:0.3"), count: 60);

        Assert.All(etas, static eta => Assert.True(eta is (>= 90 and <= 111) or (>= 810 and <= 991), $"{eta}"));
        Assert.InRange(etas.Count(static eta => eta > 500), 8, 30);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_times_and_another_seed_others()
    {
        var time = ServiceTime.Parse("uniform:100-2000");

        Assert.Equal(await EtasAsync(time, seed: 1), await EtasAsync(time, seed: 1));
        Assert.NotEqual(await EtasAsync(time, seed: 1), await EtasAsync(time, seed: 2));
    }

    private static async Task<int[]> EtasAsync(ServiceTime time, int seed = 0, int count = 3)
    {
        await using TestService service = await TestService.StartAsync(Options(time, seed));
        var etas = new int[count];
        for (int i = 0; i < count; i++)
            etas[i] = Eta(await service.SubmitAsync());
        return etas;
    }

    private static EmulatorOptions Options(ServiceTime time, int seed = 0) =>
        new() { ServiceTime = time, Seed = seed, QueueLimit = 100 };

    private static int Eta(Answer answer) => answer.Body["eta"]!.GetValue<int>();
}
