namespace FaceGen.Accounts;

/// <summary>
/// The price of an image, from the balances that the account has reported and the images that this process was charged for in between.
/// It is too high if another process uses the account at the same time.
/// </summary>
internal sealed class ImagePrice
{
    private readonly object _gate = new();
    private AccountBalance? _first;
    private long _images;
    private (decimal Amount, string? Currency)? _latest;

    /// <summary>Gets the price and its currency; null while it is unknown.</summary>
    internal (decimal Amount, string? Currency)? Latest
    {
        get
        {
            lock (_gate) return _latest;
        }
    }

    /// <summary>Gets the number of images since the first balance, which shows whether one was paid for meanwhile.</summary>
    internal long Images
    {
        get
        {
            lock (_gate) return _images;
        }
    }

    /// <summary>Adds the images of an accepted request.</summary>
    internal void AddImages(int count)
    {
        lock (_gate) _images += count;
    }

    /// <summary>Forgets the first balance: the account may have been charged for images that are not counted.</summary>
    internal void Restart()
    {
        lock (_gate) (_first, _images) = (null, 0);
    }

    /// <summary>Adds a balance that the account reported while no submission was in flight.</summary>
    internal void AddBalance(AccountBalance balance)
    {
        lock (_gate)
        {
            decimal? spent = _first is { } first && first.Currency == balance.Currency ? first.Balance - balance.Balance : null;
            if (spent > 0 && _images > 0) _latest = (spent.Value / _images, balance.Currency);
            // After a payment into the wallet, or other charges, the difference says nothing about images.
            else if (spent != 0 || _images > 0) (_first, _images) = (balance, 0);
        }
    }
}
