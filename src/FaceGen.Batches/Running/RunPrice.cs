using System.Data.Common;
using FaceGen.Accounts;

namespace FaceGen.Batches.Running;

/// <summary>
/// Finds the price of an image, by the balances before the first and after the last submission of a run, and records it in the ledger.
/// The balance is free, and a run never fails because it is unknown.
/// </summary>
internal sealed class RunPrice(RunContext run, RunLedger ledger)
{
    /// <summary>How long a balance may delay a run.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private bool _hasStarted;

    /// <summary>The images that all workers of a shared ledger had paid for before the run.</summary>
    private long? _paidBefore;

    /// <summary>Reads the balance, once, before the first row is submitted.</summary>
    internal async Task ObserveStartAsync()
    {
        if (_hasStarted) return;

        _hasStarted = true;
        if ((await ledger.CountAsync().ConfigureAwait(false)).CountUnfinished(run.Options.RetryUncertain) == 0) return;

        if (ledger.IsShared) _paidBefore = (await ledger.ReadHistoryAsync().ConfigureAwait(false)).ImagesPaid;
        // With -MinimumBalance it has just been read.
        if (run.Options.MinimumBalance is null) await ReadBalanceAsync().ConfigureAwait(false);
    }

    /// <summary>Reads the balance after the last submission, and records the price if it is known.</summary>
    internal async Task RecordAsync(bool hasSubmitted)
    {
        if (hasSubmitted && run.Account.ImagePrice.Images > 0 && run.Limits.FatalError is null && !run.EndToken.IsCancellationRequested)
        {
            // What other workers paid for meanwhile is in the balance, but not among the images of this process.
            if (_paidBefore is { } before && (await ledger.ReadHistoryAsync().ConfigureAwait(false)).ImagesPaid - before != run.Limits.Images) run.Account.ImagePrice.Restart();
            else await ReadBalanceAsync().ConfigureAwait(false);
        }

        if (run.Account.ImagePrice.Latest is not var (price, currency)) return;

        try
        {
            await ledger.RecordPriceAtEndAsync(price, currency).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FaceGenException or DbException)
        {
            run.Observer.LogVerbose($"The price of an image was not recorded in the ledger: {e.Message}");
        }
    }

    private async Task ReadBalanceAsync()
    {
        using CancellationTokenSource timeout = run.Time.CreateTimeoutSource(Timeout);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, run.EndToken);
        try
        {
            await new AccountClient(run.Connection, run.Observer).GetBalanceAsync(either.Token).ConfigureAwait(false);
        }
        catch (FaceGenException e)
        {
            run.Observer.LogVerbose($"The balance, which shows the price of an image, was not read: {e.Cause}.");
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !run.EndToken.IsCancellationRequested)
        {
            run.Observer.LogVerbose($"The balance, which shows the price of an image, was not read within {Timeout.TotalSeconds:0} s.");
        }
    }
}
