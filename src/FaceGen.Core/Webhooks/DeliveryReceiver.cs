using FaceGen.Generating;

namespace FaceGen.Webhooks;

/// <summary>
/// Gives out each generation that a webhook delivery has come for, once, when a poll has confirmed it: those that this process
/// submitted and no command waits for, and those of others.
/// </summary>
/// <remarks>
/// Deliveries for generations of this process are served whatever else comes in: ids that the process does not know are polled
/// beside them, one at a time, and only so many a minute.
/// </remarks>
internal sealed class DeliveryReceiver(Connection connection, IEngineLog log)
{
    private readonly Account _account = Account.For(connection);
    private readonly TimeProvider _time = connection.Services.Time;

    /// <summary>The id to poll when the submissions that were in flight as it was chosen have been answered: it may be one of theirs.</summary>
    private string? _nextId;
    private Task _submissionsAnswered = Task.CompletedTask;

    /// <summary>The poll of an unknown id that is in progress.</summary>
    private Task? _poll;

    /// <summary>How many polls in a row had no result, and the elapsed time of the next one.</summary>
    private int _failures;
    private TimeSpan _retryAt;

    private DeliveryTracker Deliveries => _account.Deliveries;

    /// <summary>Waits for the next generation that has ended.</summary>
    /// <param name="waitsForUnknown">Whether to wait also where nothing is pending that this process knows of.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The generation; null where nothing more is to come.</returns>
    /// <exception cref="FaceGenException">The service does not tell of one that it had accepted.</exception>
    internal async Task<Generation?> ReceiveAsync(bool waitsForUnknown, CancellationToken cancellationToken)
    {
        using IDisposable warnings = _account.Warnings.Subscribe(log);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // Asked for before anything is looked up: what happens meanwhile ends it.
            Task change = Deliveries.NextChange;
            bool isPending = false;
            foreach (Poller watch in _account.Pending)
            {
                if (watch.TryReceive() is { } ended) return await ended.ConfigureAwait(false);
                isPending |= watch.IsReceivable;
            }

            (Task? work, TimeSpan wait, bool isWorking) = await PollUnknownAsync(cancellationToken).ConfigureAwait(false);
            if (!waitsForUnknown && !isPending && !isWorking) return null;

            using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task timer = _time.DelayAsync(wait, cut.Token);
            await Task.WhenAny(work is null ? [change, timer] : [change, timer, work]).ConfigureAwait(false);
            cut.Cancel();
        }
    }

    /// <summary>Begins to poll an unknown id, if there is one and it may be polled.</summary>
    /// <returns>What to wait for, how long at most, and whether that leads to a poll soon.</returns>
    private async Task<(Task? Work, TimeSpan Wait, bool IsWorking)> PollUnknownAsync(CancellationToken cancellationToken)
    {
        if (_poll is { IsCompleted: true } ended)
        {
            _poll = null;
            await ended.ConfigureAwait(false);
        }

        TimeSpan now = _time.GetElapsedTime(0);
        if (_poll is null && _nextId is { } id && _submissionsAnswered.IsCompleted)
        {
            _nextId = null;
            if (Deliveries.TryBeginPoll(id, now))
            {
                _poll = PollAsync(id, cancellationToken);
                _poll.ObserveException();
            }
        }

        if (_poll is not null) return (_poll, Timeout.InfiniteTimeSpan, true);
        if (Deliveries.PeekUnknown(now, out TimeSpan untilPoll) is not { } newest) return (null, Timeout.InfiniteTimeSpan, false);

        if (untilPoll > TimeSpan.Zero)
        {
            _account.Warnings.LogWarning("unknown deliveries",
                $"{UnknownDeliveries.MaxPollsPerMinute} webhook deliveries within a minute were for generations that the service does not know. "
                + "Someone who knows the webhook's address may have sent them. Nothing was paid for, and this session's generations are received as before. "
                + "For another address, run Remove-FaceGenWebhook and New-FaceGenWebhook.");
            return (null, untilPoll, false);
        }

        if (_retryAt > now) return (null, _retryAt - now, true);

        if (_nextId is null)
        {
            _nextId = newest;
            _submissionsAnswered = _account.WaitForInFlightAsync(cancellationToken);
        }

        return (_submissionsAnswered, Timeout.InfiniteTimeSpan, true);
    }

    /// <summary>Polls an unknown id; only the service's own word makes it a generation.</summary>
    /// <exception cref="FaceGenException">The service refuses the key.</exception>
    private async Task PollAsync(string id, CancellationToken cancellationToken)
    {
        bool? isFound = null;
        try
        {
            Generation called = new() { Id = id, Connection = connection };
            if (_account.Find(id) is null)
            {
                Generation generation = await Fetcher.FetchAsync(connection, called, cancellationToken).ConfigureAwait(false);
                if (!generation.IsFinished)
                {
                    // A delivery says that it has ended.
                    PostponePolls();
                    return;
                }

                if (_account.Find(id) is null) _account.Add(connection, generation, null, isDeliveryExpected: true);
            }

            _failures = 0;
            isFound = true;
        }
        catch (FaceGenException e) when (e.Code == ErrorCode.FetchFailed)
        {
            log.LogVerbose(e.Message);
            PostponePolls();
        }
        catch (FaceGenException e) when (!e.EndsRun)
        {
            log.LogVerbose($"A webhook delivery for generation {id} was not confirmed: {e.Message}");
            _failures = 0;
            isFound = false;
        }
        catch (OperationCanceledException)
        {
            // The next receiver polls it.
        }
        finally
        {
            Deliveries.EndPoll(id, isFound);
        }
    }

    private void PostponePolls() => _retryAt = _time.GetElapsedTime(0) + Backoff.GetDelay(_failures++, null, connection.Services);
}
