using FaceGen.Generating;

namespace FaceGen.Webhooks;

/// <summary>
/// Returns each generation with a webhook delivery once, after a poll confirmed it: generations of this process that no command waits
/// for, and generations of other processes.
/// </summary>
/// <remarks>
/// Generations of this process are never delayed by others: unknown ids are polled separately, one at a time, at a limited rate.
/// </remarks>
internal sealed class DeliveryReceiver(Connection connection, IEngineLog log)
{
    private readonly Account _account = Account.For(connection);
    private readonly TimeProvider _time = connection.Services.Time;

    /// <summary>The next id to poll, after the submissions that are in flight have their responses: it can be the id of one of them.</summary>
    private string? _nextId;
    private Task _submissionsAnswered = Task.CompletedTask;

    /// <summary>The poll of an unknown id in progress.</summary>
    private Task? _poll;

    /// <summary>The number of polls in a row without a result, and the elapsed time of the next poll.</summary>
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

            (Task? work, TimeSpan wait, bool isWorking) = await PollUnknownAsync(cancellationToken).ConfigureAwait(false);
            if (!waitsForUnknown && !isPending && !isWorking) return null;

            using var timerSource = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task timer = _time.DelayAsync(wait, timerSource.Token);
            await Task.WhenAny(work is null ? [change, timer] : [change, timer, work]).ConfigureAwait(false);
            timerSource.Cancel();
        }
    }

    /// <summary>Starts to poll an unknown id if there is one and the rate allows it.</summary>
    /// <returns>The task to wait for, the maximum wait, and whether a poll is in progress or due soon.</returns>
    private async Task<(Task? Work, TimeSpan Wait, bool IsWorking)> PollUnknownAsync(CancellationToken cancellationToken)
    {
        if (_poll is { IsCompleted: true } completed)
        {
            _poll = null;
            await completed.ConfigureAwait(false);
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
                + "Someone who knows the webhook's address may have sent them. Nothing was charged, and this session's generations are still received. "
                + "To change the address, run Remove-FaceGenWebhook and New-FaceGenWebhook.");
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

    /// <summary>Polls an unknown id and adds the generation if the service confirms it.</summary>
    /// <exception cref="FaceGenException">The service rejected the key.</exception>
    private async Task PollAsync(string id, CancellationToken cancellationToken)
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
                    PostponePolls();
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
            // The next receiver polls the id.
        }
        finally
        {
            Deliveries.EndPoll(id, isFound);
        }
    }

    private void PostponePolls() => _retryAt = _time.GetElapsedTime(0) + Backoff.GetDelay(_failures++, null, connection.Services);
}
