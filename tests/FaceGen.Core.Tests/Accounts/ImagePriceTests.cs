using FaceGen.Accounts;

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

    private void Add(decimal balance, int imagesBefore)
    {
        _price.AddImages(imagesBefore);
        _price.AddBalance(new AccountBalance { Balance = balance, Currency = "USD" });
    }
}
