using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Webhooks;

/// <summary>
/// Gives out each generation that the service has called for, once, when a look has confirmed it: those that this process
/// started and nobody waits for, and those of others.
/// </summary>
internal sealed class Receiver(Connection connection, IListener listener)
{
    private readonly Account _account = Account.Of(connection);

    /// <summary>The next generation that has ended.</summary>
    /// <param name="isMoreExpected">Whether to wait also where nothing that is known is under way.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The generation; null where nothing more is to come.</returns>
    /// <exception cref="FaceGenException">The service does not tell of one that it had accepted.</exception>
    internal async Task<Generation?> NextAsync(bool isMoreExpected, CancellationToken cancel)
    {
        while (true)
        {
            // Asked for before the looks: what happens meanwhile ends it.
            Task change = _account.Callbacks.Change;
            foreach (Watch watch in _account.Open)
            {
                if (watch.TryReceive() is { } ended) return await ended.ConfigureAwait(false);
            }

            if (await TakeUnknownAsync(cancel).ConfigureAwait(false)) continue;
            if (!isMoreExpected && !_account.Open.Any(watch => watch.IsToReceive)) return null;

            await change.ContinueWith(_ => true, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .UnlessAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Takes up what was called for and is not this process's; only the service's own word makes it a generation.</summary>
    private async Task<bool> TakeUnknownAsync(CancellationToken cancel)
    {
        if (!_account.Callbacks.HasUnknown) return false;

        // A call can come before the answer that tells the id.
        await _account.SettleAsync(cancel).ConfigureAwait(false);
        IReadOnlyList<string> ids = _account.Callbacks.TakeUnknown();
        int done = 0;
        try
        {
            for (; done < ids.Count; done++)
            {
                if (_account.Find(ids[done]) is null) await TakeUpAsync(new Generation { Id = ids[done], Connection = connection }, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            // Whoever receives next looks at those that a stop, or a refused key, left.
            _account.Callbacks.GiveBack(ids.Skip(done));
        }

        return true;
    }

    private async Task TakeUpAsync(Generation called, CancellationToken cancel)
    {
        try
        {
            Generation generation = await Fetch.OnceAsync(connection, called, cancel).ConfigureAwait(false);
            _account.Add(connection, generation, null, isCalledFor: true);
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.FetchFailed)
        {
            // The service is busy or out of reach: the generation is watched until it tells, as any other.
            listener.Tell(e.Message);
            _account.Add(connection, called, null, isCalledFor: true);
        }
        catch (FaceGenException e) when (!e.EndsRun)
        {
            listener.Tell($"A call for generation {called.Id} was not confirmed: {e.Message}");
        }
    }
}
