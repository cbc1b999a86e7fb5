using System.Net;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Generating;

public sealed class WalletTests
{
    [Fact]
    public async Task Wallet_accepted_request_pays_for_each_image()
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions
        {
            Balance = 1,
            PricePerImage = 0.1m,
            ServiceTime = ServiceTime.Fixed(TimeSpan.FromMinutes(1)),
        });

        await service.SubmitAsync(("samples", 2));

        TestResponse wallet = await service.PostAsync("/api/wallet_balance");
        Assert.Equal("success", wallet.Status);
        Assert.Equal(0.8m, wallet.Body["data"]!["balance"]!.GetValue<decimal>());
        Assert.Equal("USD", wallet.Body["data"]!["currency"]!.GetValue<string>());
    }

    [Fact]
    public async Task Wallet_too_low_is_rejected_without_charge()
    {
        await using TestService service = await TestService.StartAsync(
            new EmulatorOptions { Balance = 0.15m, PricePerImage = 0.1m });

        Assert.Equal(HttpStatusCode.PaymentRequired, (await service.SubmitAsync(("samples", 2))).HttpStatus);
        Assert.Equal("success", (await service.SubmitAsync()).Status);
        TestResponse refused = await service.SubmitAsync();

        Assert.Equal(HttpStatusCode.PaymentRequired, refused.HttpStatus);
        Assert.Equal("error", refused.Status);
        Assert.Equal(1, service.Host.Journal.Accepted);
    }

    [Fact]
    public async Task Wallet_rejected_request_costs_nothing()
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { Balance = 1 });

        await service.SubmitAsync(("width", 900));

        TestResponse wallet = await service.PostAsync("/api/wallet_balance");
        Assert.Equal(1m, wallet.Body["data"]!["balance"]!.GetValue<decimal>());
    }
}
