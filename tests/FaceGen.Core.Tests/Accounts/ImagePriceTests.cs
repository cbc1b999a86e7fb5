using FaceGen.Accounts;
using FaceGen.Core.Tests.Support;

namespace FaceGen.Core.Tests.Accounts;

/// <summary>The price of an image, from balances and the images between them.</summary>
public sealed class ImagePriceTests
{
    private readonly ImagePrice _price = new();

    [Fact]
    public void Price_is_the_difference_of_balances_per_image()
    {
        Add(10, 0);
        Add(9.96m, 2);
        Add(9.90m, 3);

        Assert.Equal((0.02m, "USD"), _price.Latest);
    }

    [Fact]
    public void Price_is_unknown_before_two_balances_with_images_between()
    {
        Add(10, 5);
        Add(9, 0);

        Assert.Null(_price.Latest);
    }

    [Fact]
    public void Price_is_kept_if_money_is_added_to_the_wallet()
    {
        Add(10, 0);
        Add(9.98m, 1);
        Add(50, 1);

        Assert.Equal((0.02m, "USD"), _price.Latest);
        Add(49.94m, 2);
        Assert.Equal((0.03m, "USD"), _price.Latest);
    }

    [Fact]
    public void Price_is_not_computed_across_an_uncertain_submission()
    {
        Add(10, 0);
        _price.Restart();
        Add(9.90m, 1);

        Assert.Null(_price.Latest);
    }

    [Fact]
    public void Price_is_not_computed_across_currencies()
    {
        Add(10, 0);
        _price.AddImages(1);
        _price.AddBalance(new AccountBalance { Balance = 9, Currency = "EUR" });

        Assert.Null(_price.Latest);
    }

    [Fact]
    public void Missing_images_of_an_earlier_period_are_not_removed()
    {
        int before = _price.Period;
        Add(10, 2);
        _price.RemoveImages(1, before);
        Add(9.96m, 2);

        Assert.Equal((0.02m, "USD"), _price.Latest);
    }

    /// <summary>Images that did not come (Q41) are not in the price, whether they are missing at once or after a poll.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Missing_images_are_not_counted(bool isFinishedAtOnce)
    {
        using var service = new FakeService();
        service.OnSubmit(isFinishedAtOnce ? ScriptedResponse.Success("9", "https://cdn.example/9.png") : ScriptedResponse.Processing("9"))
            .OnFetch(ScriptedResponse.Success("9", "https://cdn.example/9.png"));
        ImagePrice price = service.Account.ImagePrice;
        price.AddBalance(new AccountBalance { Balance = 10, Currency = "USD" });

        await service.Clock.RunAsync(service.GenerateAsync(request: FakeService.Request() with { Samples = 2 }));
        service.Account.MarkEmitted("9");
        await service.Clock.RunAsync(service.Account.FetchAsync(service.Connection, "9", null, default));
        price.AddBalance(new AccountBalance { Balance = 9.97m, Currency = "USD" });

        Assert.Equal((0.03m, "USD"), price.Latest);
    }

    private void Add(decimal balance, int imagesBefore)
    {
        _price.AddImages(imagesBefore);
        _price.AddBalance(new AccountBalance { Balance = balance, Currency = "USD" });
    }
}
