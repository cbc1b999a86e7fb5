using FaceGen.Generating;

namespace FaceGen.Webhooks;

/// <summary>
/// Returns each generation with a webhook delivery once, after a fetch confirmed it: generations of this process that no command waits
/// for, and generations of other processes.
/// </summary>
/// <remarks>
/// Generations of this process are never delayed by others: unknown ids are fetched separately, one at a time, at a limited rate.
/// </remarks>
internal sealed class DeliveryReceiver(Connection connection, IEngineLog log)
{
    private readonly Account _account = Account.For(connection);
    private readonly TimeProvider _time = connection.Services.Time;

    /// <summary>The next id to fetch, after the submissions that are in flight have their responses: it can be the id of one of them.</summary>
    private string? _nextId;
    private Task _submissionsCompleted = Task.CompletedTask;

    /// <summary>The fetch of an unknown id in progress.</summary>
    private Task? _fetch;

    /// <summary>The number of consecutive fetches without a result, and the elapsed time of the next fetch.</summary>
    private int _failures;
    private TimeSpan _retryAt;

    private DeliveryTracker Deliveries => _account.Deliveries;

    /// <summary>Waits for the next finished generation.</summary>
    /// <param name="waitsForUnknown">True to wait for generations of other processes if none of this process is pending.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The generation; null if no more are expected.</returns>
    /// <exception cref="FaceGenException">The service does not return a generation that it accepted.</exception>
    internal async Task<Generation?> ReceiveAsync(bool waitsForUnknown, CancellationToken cancellationToken)
    {
        using IDisposable warnings = _account.Warnings.Subscribe(log);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // The task is read first, so that no change during the loop is missed.
            Task change = Deliveries.NextChange;
            bool isPending = false;
            foreach (PendingGeneration pending in _account.Pending)
            {
                if (pending.TryReceive() is { } finished) return await finished.ConfigureAwait(false);
                isPending |= pending.IsReceivable;
            }

            (Task? work, TimeSpan wait, bool isWorking) = await FetchUnknownAsync(cancellationToken).ConfigureAwait(false);
            if (!waitsForUnknown && !isPending && !isWorking) return null;

            using var timerSource = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task timer = _time.DelayAsync(wait, timerSource.Token);
            await Task.WhenAny(work is null ? [change, timer] : [change, timer, work]).ConfigureAwait(false);
            timerSource.Cancel();
        }
    }

    /// <summary>Starts to fetch an unknown id if there is one and the rate allows it.</summary>
    /// <returns>The task to wait for, the maximum wait, and whether a fetch is in progress or due soon.</returns>
    private async Task<(Task? Work, TimeSpan Wait, bool IsWorking)> FetchUnknownAsync(CancellationToken cancellationToken)
    {
        if (_fetch is { IsCompleted: true } completed)
        {
            _fetch = null;
            await completed.ConfigureAwait(false);
        }

        TimeSpan now = _time.GetElapsedTime(0);
        if (_fetch is null && _nextId is { } id && _submissionsCompleted.IsCompleted)
        {
            _nextId = null;
            if (Deliveries.TryBeginFetch(id, now))
            {
                _fetch = FetchAsync(id, cancellationToken);
                _fetch.ObserveException();
            }
        }

        if (_fetch is not null) return (_fetch, Timeout.InfiniteTimeSpan, true);
        if (Deliveries.PeekUnknown(now, out TimeSpan untilFetch) is not { } newest) return (null, Timeout.InfiniteTimeSpan, false);

        if (untilFetch > TimeSpan.Zero)
        {
            _account.Warnings.LogWarning("unknown deliveries",
                $"{UnknownDeliveries.MaxFetchesPerMinute} webhook deliveries within a minute were for generations that the service does not know. "
                + "Someone who knows the webhook's address may have sent them. Nothing was charged, and this session's generations are still received. "
                + "To change the address, run Remove-FaceGenWebhook and New-FaceGenWebhook.");
            return (null, untilFetch, false);
        }

        if (_retryAt > now) return (null, _retryAt - now, true);

        if (_nextId is null)
        {
            _nextId = newest;
            _submissionsCompleted = _account.WaitForTrackedWorkAsync(cancellationToken);
        }

        return (_submissionsCompleted, Timeout.InfiniteTimeSpan, true);
    }

    /// <summary>Fetches an unknown id and adds the generation if the service confirms it.</summary>
    /// <exception cref="FaceGenException">The service rejected the key.</exception>
    private async Task FetchAsync(string id, CancellationToken cancellationToken)
    {
        bool? isFound = null;
        try
        {
            if (_account.Find(id) is null)
            {
                Generation generation = await Fetcher.FetchAsync(connection, new Generation { Id = id, Connection = connection }, cancellationToken).ConfigureAwait(false);
                if (!generation.IsFinished)
                {
                    // The service sends a delivery when a generation is finished, so it will be soon.
                    PostponeFetches();
                    return;
                }

                if (_account.Find(id) is null) _account.Add(connection, generation, new PendingOptions { IsDeliveryExpected = true });
            }

            _failures = 0;
            isFound = true;
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.FetchFailed)
        {
            log.LogVerbose(e.Message);
            PostponeFetches();
        }
        catch (FaceGenException e) when (!e.EndsRun)
        {
            log.LogVerbose($"A webhook delivery for generation {id} was not confirmed: {e.Message}");
            _failures = 0;
            isFound = false;
        }
        catch (OperationCanceledException)
        {
            // The next receiver fetches the id.
        }
        finally
        {
            Deliveries.EndFetch(id, isFound);
        }
    }

    private void PostponeFetches() => _retryAt = _time.GetElapsedTime(0) + Backoff.GetDelay(_failures++, null, connection.Services);
}
