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
    public void Parse_valid_text_round_trips(string text) =>
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
    public void Parse_invalid_text_throws_with_examples(string text)
    {
        FormatException error = Assert.Throws<FormatException>(() => ServiceTime.Parse(text));
        Assert.Contains("lognormal:3:0.4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fixed_is_the_eta()
    {
        int[] etas = await GetEtasAsync(ServiceTime.Parse("fixed:90"));

        Assert.Equal([90, 90, 90], etas);
    }

    [Fact]
    public async Task Steps_depends_on_the_request()
    {
        await using TestService service = await TestService.StartAsync(CreateOptions(ServiceTime.Parse("steps:2")));

        TestResponse response = await service.SubmitAsync(("num_inference_steps", 41));

        Assert.Equal(82, GetEta(response));
    }

    [Fact]
    public async Task Uniform_varies_within_bounds()
    {
        int[] etas = await GetEtasAsync(ServiceTime.Parse("uniform:100-200"), count: 20);

        Assert.All(etas, static eta => Assert.InRange(eta, 100, 200));
        Assert.True(etas.Distinct().Count() > 5);
    }

    [Fact]
    public async Task Lognormal_centers_on_its_median()
    {
        int[] etas = await GetEtasAsync(ServiceTime.Parse("lognormal:100:0.4"), count: 60);

        Assert.InRange(etas.Order().ElementAt(etas.Length / 2), 75, 135);
    }

    [Fact]
    public async Task Bimodal_has_two_modes_only()
    {
        int[] etas = await GetEtasAsync(ServiceTime.Parse("bimodal:100:900:0.3"), count: 60);

        Assert.All(etas, static eta => Assert.True(eta is (>= 90 and <= 111) or (>= 810 and <= 991), $"{eta}"));
        Assert.InRange(etas.Count(static eta => eta > 500), 8, 30);
    }

    [Fact]
    public async Task Seed_determines_the_times()
    {
        var time = ServiceTime.Parse("uniform:100-2000");

        Assert.Equal(await GetEtasAsync(time, seed: 1), await GetEtasAsync(time, seed: 1));
        Assert.NotEqual(await GetEtasAsync(time, seed: 1), await GetEtasAsync(time, seed: 2));
    }

    private static async Task<int[]> GetEtasAsync(ServiceTime time, int seed = 0, int count = 3)
    {
        await using TestService service = await TestService.StartAsync(CreateOptions(time, seed));
        var etas = new int[count];
        for (int i = 0; i < count; i++)
            etas[i] = GetEta(await service.SubmitAsync());
        return etas;
    }

    private static EmulatorOptions CreateOptions(ServiceTime time, int seed = 0) =>
        new() { ServiceTime = time, Seed = seed, QueueLimit = 100 };

    private static int GetEta(TestResponse response) => response.Body["eta"]!.GetValue<int>();
}
