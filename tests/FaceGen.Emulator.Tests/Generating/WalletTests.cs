using System.Net;
using FaceGen.Emulator.Generating;
using FaceGen.Emulator.Tests.Support;

namespace FaceGen.Emulator.Tests.Generating;

public sealed class WalletTests
{
    [Fact]
    public async Task Each_image_is_paid_for_when_the_request_is_accepted()
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions
        {
            Balance = 1,
            PricePerImage = 0.1m,
            ServiceTime = ServiceTime.Fixed(TimeSpan.FromMinutes(1)),
        });

        await service.SubmitAsync(("samples", 2));

        Answer wallet = await service.PostAsync("/api/wallet_balance");
        Assert.Equal("success", wallet.Status);
        Assert.Equal(0.8m, wallet.Body["data"]!["balance"]!.GetValue<decimal>());
        Assert.Equal("USD", wallet.Body["data"]!["currency"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_empty_wallet_is_refused_and_nothing_is_taken()
    {
        await using TestService service = await TestService.StartAsync(
            new EmulatorOptions { Balance = 0.15m, PricePerImage = 0.1m });

        Assert.Equal(HttpStatusCode.PaymentRequired, (await service.SubmitAsync(("samples", 2))).HttpStatus);
        Assert.Equal("success", (await service.SubmitAsync()).Status);
        Answer refused = await service.SubmitAsync();

        Assert.Equal(HttpStatusCode.PaymentRequired, refused.HttpStatus);
        Assert.Equal("error", refused.Status);
        Assert.Equal(1, service.Host.Journal.Accepted);
    }

    [Fact]
    public async Task A_refused_request_costs_nothing()
    {
        await using TestService service = await TestService.StartAsync(new EmulatorOptions { Balance = 1 });

        await service.SubmitAsync(("width", 900));

        Answer wallet = await service.PostAsync("/api/wallet_balance");
        Assert.Equal(1m, wallet.Body["data"]!["balance"]!.GetValue<decimal>());
    }
}
