using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Http;

public sealed class HostTests
{
    [Fact]
    public async Task Start_listens_on_loopback()
    {
        await using TestService service = await TestService.StartAsync();

        Assert.Equal("127.0.0.1", service.Host.BaseUri.Host);
        Assert.NotEqual(0, service.Host.BaseUri.Port);
    }

    [Fact]
    public async Task Start_port_in_use_throws()
    {
        await using TestService service = await TestService.StartAsync();

        await Assert.ThrowsAsync<IOException>(
            () => EmulatorHost.StartAsync(new EmulatorOptions { Port = service.Host.BaseUri.Port }, CancellationToken.None));
    }

    [Fact]
    public async Task Start_options_out_of_range_throw()
    {
        EmulatorOptions[] wrong =
        [
            new() { Port = -1 },
            new() { Port = 70_000 },
            new() { ApiKey = " " },
            new() { QueueLimit = 0 },
            new() { WorkerCount = 0 },
            new() { Balance = -1 },
            new() { PricePerImage = -1 },
        ];

        foreach (EmulatorOptions options in wrong)
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(
                () => EmulatorHost.StartAsync(options, CancellationToken.None));
        }
    }

    [Fact]
    public async Task Start_two_emulators_are_independent()
    {
        await using TestService one = await TestService.StartAsync();
        await using TestService two = await TestService.StartAsync();

        await one.SubmitAsync();

        Assert.Equal(1, one.Host.Journal.Accepted);
        Assert.Equal(0, two.Host.Journal.Accepted);
    }
}
