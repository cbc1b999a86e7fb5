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
    private int _period;
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

    /// <summary>Gets the number of the period since the first balance.</summary>
    internal int Period => Volatile.Read(ref _period);

    /// <summary>Adds the images of an accepted request.</summary>
    internal void AddImages(int count)
    {
        lock (_gate) _images += count;
    }

    /// <summary>Removes images that were requested and did not come (Q41).</summary>
    /// <param name="count">The number of images.</param>
    /// <param name="period">The <see cref="Period"/> in which they were added: the images of an earlier one are not counted any more.</param>
    internal void RemoveImages(int count, int period)
    {
        lock (_gate)
        {
            if (period == _period) _images -= count;
        }
    }

    /// <summary>Forgets the first balance: the account may have been charged for images that are not counted.</summary>
    internal void Restart()
    {
        lock (_gate) Begin(null);
    }

    /// <summary>Adds a balance that the account reported while no submission was in flight.</summary>
    internal void AddBalance(AccountBalance balance)
    {
        lock (_gate)
        {
            decimal? spent = _first is { } first && first.Currency == balance.Currency ? first.Balance - balance.Balance : null;
            if (spent > 0 && _images > 0) _latest = (spent.Value / _images, balance.Currency);
            // After a payment into the wallet, or other charges, the difference says nothing about images.
            else if (spent != 0 || _images > 0) Begin(balance);
        }
    }

    private void Begin(AccountBalance? first)
    {
        (_first, _images) = (first, 0);
        _period++;
    }
}
