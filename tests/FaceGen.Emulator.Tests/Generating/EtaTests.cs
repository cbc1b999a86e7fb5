using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Journaling;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Generating;

public sealed class EtaTests
{
    private const int Seconds = 1000;

    [Fact]
    public async Task Eta_with_error_varies_in_both_directions()
    {
        await using TestService service = await StartAsync(error: 0.5);

        int?[] etas = await GetEtasAsync(service);

        Assert.All(etas, static eta => Assert.InRange(eta!.Value, Seconds / 2, (Seconds * 3 / 2) + 1));
        Assert.Contains(etas, static eta => eta < Seconds * 0.8);
        Assert.Contains(etas, static eta => eta > Seconds * 1.2);
    }

    [Fact]
    public async Task Eta_error_depends_on_seed_and_keeps_service_time()
    {
        await using TestService one = await StartAsync(error: 0.5, seed: 3);
        await using TestService same = await StartAsync(error: 0.5, seed: 3);
        await using TestService other = await StartAsync(error: 0.5, seed: 4);

        int?[] etas = await GetEtasAsync(one);

        Assert.Equal(etas, await GetEtasAsync(same));
        Assert.NotEqual(etas, await GetEtasAsync(other));
        Assert.All(one.Host.Journal.Entries, static (JournalEntry entry) =>
            Assert.Equal(TimeSpan.FromSeconds(Seconds), entry.ServiceTime));
    }

    [Fact]
    public async Task Eta_omitted_is_absent()
    {
        await using TestService service = await StartAsync(omit: true);

        Assert.All(await GetEtasAsync(service), static eta => Assert.Null(eta));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    public async Task Eta_error_out_of_range_throws(double error) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => EmulatorHost.StartAsync(new EmulatorOptions { EtaError = error }));

    private static Task<TestService> StartAsync(double error = 0, bool omit = false, int seed = 0) =>
        TestService.StartAsync(new EmulatorOptions
        {
            ServiceTime = ServiceTime.Fixed(TimeSpan.FromSeconds(Seconds)),
            EtaError = error,
            OmitEta = omit,
            Seed = seed,
            QueueLimit = 100,
        });

    private static async Task<int?[]> GetEtasAsync(TestService service)
    {
        var etas = new int?[30];
        for (int i = 0; i < etas.Length; i++)
            etas[i] = (await service.SubmitAsync()).Body["eta"]?.GetValue<int>();
        return etas;
    }
}
