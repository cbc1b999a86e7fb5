namespace FaceGen.Generating;

/// <summary>
/// Polls a generation until it ends, at the intervals that <see cref="PollInterval"/> computes. Where webhook deliveries
/// come, a delivery causes a poll, and polls at intervals are only for the delivery that does not come.
/// </summary>
internal sealed class Poller
{
    /// <summary>
    /// How long a generation may occupy its slot: a service that has lost a generation must not block the queue forever
    /// (docs/architecture.md#slot-of-an-endless-generation).
    /// </summary>
    private static readonly TimeSpan MaxSlotAge = TimeSpan.FromHours(1);

    /// <summary>The interval of a generation that is older than <see cref="MaxSlotAge"/>.</summary>
    private static readonly TimeSpan OldInterval = TimeSpan.FromMinutes(1);

    private readonly PendingGeneration _generation;
    private readonly Connection _connection;
    private readonly TimeProvider _time;
    private readonly PollInterval _interval;
    private readonly PollInterval.Kind _kind;
    private readonly double? _eta;
    private readonly long _start;

    /// <summary>How long ago the generation was submitted when polling began.</summary>
    private readonly TimeSpan _age;

    /// <summary>How long after its submission the generation was still pending.</summary>
    private TimeSpan _pendingFor;

    private bool _hasDelivery;
    private bool _isWebhookClosed;
    private int _falseDeliveries;

    /// <param name="generation">The generation.</param>
    /// <param name="connection">The connection that polls.</param>
    /// <param name="interval">Computes the interval, and learns from how long the generation took.</param>
    internal Poller(PendingGeneration generation, Connection connection, PollInterval interval)
    {
        (_generation, _connection, _interval) = (generation, connection, interval);
        _time = connection.Services.Time;
        _start = _time.GetTimestamp();
        Generation known = generation.Latest;
        _age = known.CreatedAt is { } sent && _time.GetUtcNow() > sent ? _time.GetUtcNow() - sent : TimeSpan.Zero;
        _kind = new PollInterval.Kind(known.Request?.NumInferenceSteps, known.Request?.ImageCount ?? 1);
        _eta = known.Eta;
    }

    /// <summary>Polls until the generation ends.</summary>
    /// <param name="isNew">True if the generation was accepted just now; otherwise it may have ended long ago.</param>
    /// <param name="canLearn">True if this is the first time that the generation is seen to end.</param>
    /// <exception cref="FaceGenException">The service does not report the generation, or its images would have expired.</exception>
    internal async Task<Generation> PollAsync(bool isNew, bool canLearn)
    {
        // It is unknown when an id that a user typed was submitted: it is polled at once.
        TimeSpan delay = _generation.Latest.CreatedAt is null ? TimeSpan.Zero : GetDelay(_age);
        Task<bool> delivery = _generation.WaitForDeliveryAsync();
        while (true)
        {
            bool isDelivered = await WaitAsync(delay, delivery).ConfigureAwait(false);
            // Before the poll: a delivery that comes during it causes another one.
            delivery = _generation.WaitForDeliveryAsync();
            _generation.Update(await Fetcher.FetchWithRetryAsync(
                _connection, _generation.Latest, _generation.LogVerbose, _generation.TimeLeft, _connection.LifetimeToken).ConfigureAwait(false));
            TimeSpan elapsed = _age + _time.GetElapsedTime(_start);
            if (_generation.Latest.IsFinished)
            {
                bool mayHaveEndedBefore = !isNew && _pendingFor == TimeSpan.Zero && _age > _interval.Next(_kind, _eta, TimeSpan.Zero, TimeSpan.Zero);
                if (canLearn && !mayHaveEndedBefore && _generation.Latest.CreatedAt is not null) _interval.Learn(_kind, _eta, _hasDelivery ? elapsed : _pendingFor, elapsed);
                _generation.Deliveries?.MarkFinished(_generation.Latest.Id, isMissed: !_hasDelivery && !_isWebhookClosed);
                return _generation.Latest;
            }

            if (_generation.TimeLeft <= TimeSpan.Zero)
                throw _generation.CreateExpiredError(_generation.Latest.Message is { Length: > 0 } message ? message : "the service still reports it as pending");

            if (isDelivered) _falseDeliveries++;
            _pendingFor = elapsed;
            if (elapsed > MaxSlotAge) _generation.Slot?.Release();
            delay = elapsed > MaxSlotAge ? OldInterval : GetDelay(elapsed);
        }
    }

    private TimeSpan GetDelay(TimeSpan elapsed)
    {
        TimeSpan interval = _interval.Next(_kind, _eta, _pendingFor, elapsed);
        TimeSpan untilMissed = !_hasDelivery && !_isWebhookClosed && _generation.Deliveries is { IsReliable: true }
            ? _interval.GetAssumedDuration() - elapsed
            : TimeSpan.Zero;
        return interval > untilMissed ? interval : untilMissed;
    }

    /// <summary>Waits until the next poll is due.</summary>
    /// <returns>True if a webhook delivery came.</returns>
    private async Task<bool> WaitAsync(TimeSpan delay, Task<bool> delivery)
    {
        TimeSpan left = _generation.TimeLeft;
        await WaitForAnyAsync(Min(delay, left > TimeSpan.Zero ? left : TimeSpan.Zero), delivery).ConfigureAwait(false);
        if (_generation.Deliveries is null || !delivery.IsCompleted) return false;

        bool isDelivered = await delivery.ConfigureAwait(false);
        // After deliveries for a generation that was still pending, another one may be forged too: it does not cause a poll at once.
        if (isDelivered && _falseDeliveries > 0)
            await WaitForAnyAsync(Min(delay, TimeSpan.FromSeconds(Math.Pow(2, Math.Min(_falseDeliveries - 1, 6)))), _generation.Finished).ConfigureAwait(false);
        _hasDelivery |= isDelivered;
        _isWebhookClosed |= !isDelivered;
        return isDelivered;
    }

    private async Task WaitForAnyAsync(TimeSpan delay, Task other)
    {
        using var delaySource = CancellationTokenSource.CreateLinkedTokenSource(_connection.LifetimeToken);
        await Task.WhenAny(_time.DelayAsync(delay, delaySource.Token), other, _generation.Finished).ConfigureAwait(false);
        delaySource.Cancel();
        _connection.LifetimeToken.ThrowIfCancellationRequested();
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
