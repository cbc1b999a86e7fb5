using FaceGen.Contract;
using FaceGen.Webhooks;

namespace FaceGen.Generating;

/// <summary>
/// Watches one generation until it ends, whoever waits for it: a pipeline may stop waiting, and another may begin to,
/// and still each generation is looked at by one poller only and gives its slot back at its end.
/// </summary>
internal sealed class Poller
{
    /// <summary>How long a generation may keep its place in the queue: many times what one takes.</summary>
    private static readonly TimeSpan MaxSlotAge = TimeSpan.FromHours(1);

    /// <summary>How long images live at the service: what has not ended by then is not worth asking for.</summary>
    internal static readonly TimeSpan ImageLifetime = TimeSpan.FromHours(Limits.LinkLifetimeHours);

    private readonly object _gate = new();
    private readonly Account _account;
    private readonly PollInterval _pollInterval;
    private readonly TimeProvider _time;
    private readonly long _startTimestamp;
    private readonly Slots.Slot? _slot;
    private readonly DeliveryTracker? _deliveries;
    private TaskCompletionSource<bool> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Connection _connection;
    private Task<Generation>? _polling;
    private HashSet<int>? _unsavedImages;
    private bool _isSeen;
    private bool _isNew;
    private bool _isReported;
    private bool _isAwaited;
    private bool _isCondensed;
    private IEngineLog[] _logs = [];

    /// <param name="connection">The connection that watches.</param>
    /// <param name="generation">The generation as far as it is known.</param>
    /// <param name="slot">The slot that it fills.</param>
    /// <param name="account">The account that keeps the watch.</param>
    /// <param name="isNew">Whether it was accepted just now; otherwise nobody may have looked for long.</param>
    /// <param name="deliveries">Where the service's call for it comes in; null where it makes none.</param>
    /// <param name="isAwaited">Whether somebody waits for it already: what comes by its webhook is then not given out.</param>
    internal Poller(Connection connection, Generation generation, Slots.Slot? slot, Account account, bool isNew, DeliveryTracker? deliveries, bool isAwaited)
    {
        _account = account;
        _time = connection.Services.Time;
        _startTimestamp = _time.GetTimestamp();
        _deliveries = deliveries;
        _isAwaited = isAwaited;
        _isNew = isNew;
        // Who gave an id from elsewhere has it.
        _isReported = !isNew;
        _pollInterval = account.PollInterval;
        _connection = connection;
        _slot = slot;
        Latest = generation;
        if (!generation.IsFinished)
        {
            _ = EnsurePolling(connection);
            return;
        }

        slot?.Dispose();
        // The call is still to come, and tells nothing new.
        deliveries?.MarkFinished(generation.Id, isMissed: false);
    }

    /// <summary>The generation as it was last seen.</summary>
    internal Generation Latest { get; private set; }

    /// <summary>Whether the end has been seen, and no image waits to be saved.</summary>
    internal bool CanForget
    {
        get
        {
            lock (_gate) return _isSeen && _unsavedImages is not { Count: > 0 };
        }
    }

    /// <summary>Whether its id is in the output of a command that ended well or in a ledger, and no image waits to be saved.</summary>
    internal bool IsReported
    {
        get
        {
            lock (_gate) return _isReported && _unsavedImages is not { Count: > 0 };
        }
    }

    /// <summary>Marks the id as part of a command's output, or as recorded in a ledger.</summary>
    internal void MarkReported()
    {
        lock (_gate) _isReported = true;
    }

    /// <summary>Whether the service calls for it, and nobody waits for it: whoever receives calls is to have it.</summary>
    internal bool IsReceivable
    {
        get
        {
            lock (_gate) return _deliveries is not null && !_isAwaited && !_isSeen;
        }
    }

    /// <summary>Somebody waits for the generation, who will emit it, or does so no more.</summary>
    internal void SetAwaited(bool isAwaited)
    {
        lock (_gate) _isAwaited = isAwaited;
        // Receive-FaceGenWebhook may emit it now.
        if (!isAwaited) _deliveries?.NotifyChange();
    }

    /// <summary>Takes the end of a generation that is to be received; null where it has none yet, or somebody else has it.</summary>
    internal Task<Generation>? TryReceive()
    {
        lock (_gate)
        {
            if (!IsReceivable || !(Latest.IsFinished || _polling is { IsFaulted: true })) return null;

            _isAwaited = true;
            return Latest.IsFinished ? Task.FromResult(Latest) : _polling;
        }
    }

    /// <summary>Tells a listener what the watch waits for, until what is returned is disposed of.</summary>
    internal IDisposable Subscribe(IEngineLog log)
    {
        lock (_gate) _logs = [.. _logs, log];
        return new Subscription(this, log);
    }

    internal void MarkSeen()
    {
        lock (_gate) _isSeen = Latest.IsFinished || _isCondensed;
    }

    /// <summary>
    /// Keeps only what identifies a generation that has been emitted: where its command is stopped, so that its output is lost, a
    /// poll gives the rest again. Images, and above all those in place, would fill the memory in a long pipeline.
    /// </summary>
    internal void Condense()
    {
        lock (_gate)
        {
            if (!Latest.IsFinished) return;

            Latest = Latest.ToOutline();
            (_isCondensed, _isAwaited) = (true, true);
            // The task's result is the whole generation.
            (_polling, _finished) = (null, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    /// <summary>Whether the images have expired by elapsed time, which no setting of the clock changes, and no poll is in progress.</summary>
    /// <param name="outcome">The outcome that the user has not seen; null if there is none.</param>
    internal bool HasExpired(out FaceGenException? outcome)
    {
        lock (_gate)
        {
            outcome = null;
            bool isPolled = _polling is { IsCompleted: false };
            // Images in place are here, and do not expire.
            bool isInPlace = Latest.Images.Any(image => Generation.ParseLink(image) is null);
            if (isPolled || isInPlace || TimeLeft > TimeSpan.Zero) return false;

            outcome = Latest.Status switch
            {
                _ when _isCondensed => null,
                GenerationStatus.Failed => new FaceGenException(ErrorCode.GenerationFailed, Latest.FailureMessage),
                GenerationStatus.Success => new FaceGenException(ErrorCode.LinkExpired,
                    $"The images of generation {Latest.Id} were ready and not saved within {ImageLifetime.TotalHours:0} hours, when links expire. "
                    + $"If your account keeps images longer, 'Get-FaceGenImage {Latest.Id} | Save-FaceGenOutput' still saves them."),
                _ => CreateExpiredError("The service did not say what became of it"),
            };
            return true;
        }
    }

    /// <summary>How long until the images would have expired.</summary>
    private TimeSpan TimeLeft => ImageLifetime - _time.GetElapsedTime(_startTimestamp);

    private FaceGenException CreateExpiredError(string reason) => new(ErrorCode.GenerationTimeout,
        $"Generation {Latest.Id} was not ready within {ImageLifetime.TotalHours:0} hours, after which its images would have expired ({reason.TrimEnd('.')}). "
        + $"It may have been paid for. It is not polled any more; 'Get-FaceGenImage {Latest.Id}' polls it once.");

    internal void BeginSaving(int imageCount)
    {
        lock (_gate) _unsavedImages = _unsavedImages is { Count: > 0 } ? _unsavedImages : [.. Enumerable.Range(0, imageCount)];
    }

    internal void MarkSaved(int index)
    {
        lock (_gate)
        {
            _unsavedImages?.Remove(index);
            // Whoever has the files has seen the end.
            _isSeen |= _unsavedImages is { Count: 0 };
        }
    }

    /// <summary>
    /// The end of the generation. A watch that broke off (the connection was ended, or the service refused to tell) is
    /// taken up again with the connection of whoever asks.
    /// </summary>
    /// <exception cref="FaceGenException">The generation failed, or the service does not tell of it.</exception>
    internal async Task<Generation> WaitForEndAsync(Connection connection)
    {
        while (true)
        {
            Task<Generation> end = EnsurePolling(connection);
            await Task.WhenAny(end).ConfigureAwait(false);
            // Another connection watched, and was ended: this one takes over.
            if (!end.IsCanceled || connection.LifetimeToken.IsCancellationRequested) return await end.ConfigureAwait(false);
        }
    }

    /// <summary>Goes on watching where the connection that watched was ended.</summary>
    internal void Resume(Connection connection)
    {
        if (!Latest.IsFinished && !_isCondensed) _ = EnsurePolling(connection);
    }

    /// <summary>Looks once, now.</summary>
    /// <exception cref="FaceGenException">The generation failed, or the service does not tell of it.</exception>
    internal async Task<Generation> FetchAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (!Latest.IsFinished) Update(await Fetcher.FetchAsync(connection, Latest, cancellationToken).ConfigureAwait(false));
        return Latest;
    }

    /// <summary>The one poller of the generation, begun or taken up again where none is at work.</summary>
    private Task<Generation> EnsurePolling(Connection connection)
    {
        lock (_gate)
        {
            if (Latest.IsFinished) return Task.FromResult(Latest);
            if (_polling is null || _polling.IsFaulted || _polling.IsCanceled || _connection.LifetimeToken.IsCancellationRequested)
            {
                _connection = connection;
                _polling = PollAsync();
                // Nobody may be waiting: the failure is then told to whoever asks next.
                _ = _polling.ContinueWith(end => end.Exception, CancellationToken.None,
                    TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }

            return _polling;
        }
    }

    private async Task<Generation> PollAsync()
    {
        Connection connection = _connection;
        TimeProvider time = connection.Services.Time;
        long start = time.GetTimestamp();
        // Nobody knows when an id was submitted that a user has typed: it is looked at at once.
        TimeSpan age = Latest.CreatedAt is { } sent && time.GetUtcNow() > sent ? time.GetUtcNow() - sent : TimeSpan.Zero;
        var kind = new PollInterval.Kind(Latest.Request?.NumInferenceSteps, Latest.Request?.ImageCount ?? 1);
        double? eta = Latest.Eta;
        bool wasCondensed = _isCondensed;
        bool wasWatched = _isNew;
        _isNew = false;
        try
        {
            TimeSpan unended = TimeSpan.Zero;
            bool wasCalled = false;
            bool isCallOver = false;
            int falseDeliveries = 0;
            Task<bool> call = WaitForDeliveryAsync();
            TimeSpan wait = Latest.CreatedAt is null ? TimeSpan.Zero : BeforeLook(age);
            while (true)
            {
                TimeSpan left = TimeLeft;
                bool? called = await WaitAsync(Min(wait, left > TimeSpan.Zero ? left : TimeSpan.Zero), call, connection).ConfigureAwait(false);
                // After deliveries for a pending generation another one may be forged too: it does not cause a poll at once.
                if (called == true && falseDeliveries > 0) await WaitAsync(Min(wait, GetFalseDeliveryPause(falseDeliveries)), _finished.Task, connection).ConfigureAwait(false);
                wasCalled |= called == true;
                isCallOver |= called == false;
                // Asked for before the look: what a call tells after it calls for another.
                call = WaitForDeliveryAsync();
                Update(await Fetcher.FetchUntilAnsweredAsync(connection, Latest, LogVerbose, TimeLeft, connection.LifetimeToken).ConfigureAwait(false));
                TimeSpan elapsed = age + time.GetElapsedTime(start);
                if (Latest.IsFinished)
                {
                    // One that nobody watched when it was due, an earlier process's, may have ended long before this look.
                    bool isMissed = !wasWatched && unended == TimeSpan.Zero && age > _pollInterval.Next(kind, eta, TimeSpan.Zero, TimeSpan.Zero);
                    if (Latest.CreatedAt is not null && !isMissed && !wasCondensed) _pollInterval.Learn(kind, eta, wasCalled ? elapsed : unended, elapsed);
                    _deliveries?.MarkFinished(Latest.Id, isMissed: !wasCalled && !isCallOver);
                    break;
                }

                if (TimeLeft <= TimeSpan.Zero) throw CreateExpiredError(Latest.Message.Length > 0 ? Latest.Message : "the service still says that it is pending");
                if (called == true) falseDeliveries++;
                // A service that has forgotten a generation must not block the queue for ever.
                if (elapsed > MaxSlotAge) _slot?.Dispose();
                unended = elapsed;
                wait = elapsed > MaxSlotAge ? TimeSpan.FromMinutes(1) : BeforeLook(elapsed);
            }

            return Latest;

            // Where calls come, looking is only for the one that does not.
            TimeSpan BeforeLook(TimeSpan now)
            {
                TimeSpan look = _pollInterval.Next(kind, eta, unended, now);
                TimeSpan patience = !wasCalled && !isCallOver && _deliveries is { IsReliable: true } ? _pollInterval.GetAssumedDuration() - now : TimeSpan.Zero;
                return look > patience ? look : patience;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The service does not tell of it, which is no word of its end, and nobody will see that. A connection that
            // was only ended leaves the slot taken, since the generation goes on at the service.
            _ = _slot?.ReleaseAfterAsync(_pollInterval.GetAssumedDuration(), time);
            // What the service has said of it stays as it is; a service that is silent until then says nothing.
            FaceGenException? outcome = TimeLeft > TimeSpan.Zero ? null
                : e is FaceGenException { Code: not ErrorCode.FetchFailed } said ? said : CreateExpiredError(e.Message);
            // A caller that waits gets the error and marks it; without one the account keeps the outcome until it is asked for.
            if (outcome is not null) _account.Evict(this, outcome);
            _deliveries?.NotifyChange();
            if (outcome is not null && outcome != e) throw outcome;
            throw;
        }
    }

    /// <summary>How long a delivery causes no poll after others for the same generation that was pending.</summary>
    private static TimeSpan GetFalseDeliveryPause(int falseDeliveries) => TimeSpan.FromSeconds(Math.Pow(2, Math.Min(falseDeliveries - 1, 6)));

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private Task<bool> WaitForDeliveryAsync() => _deliveries?.WaitForDeliveryAsync(Latest.Id) ?? _finished.Task;

    /// <summary>Waits until it is time to look; true where a call says so, false where none may come any more.</summary>
    private async Task<bool?> WaitAsync(TimeSpan delay, Task<bool> delivery, Connection connection)
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(connection.LifetimeToken);
        await Task.WhenAny(connection.Services.Time.DelayAsync(delay, cut.Token), delivery, _finished.Task).ConfigureAwait(false);
        cut.Cancel();
        connection.LifetimeToken.ThrowIfCancellationRequested();
        return _deliveries is not null && delivery.IsCompleted ? await delivery.ConfigureAwait(false) : null;
    }

    private void LogVerbose(string message)
    {
        // The array is replaced, never changed.
        foreach (IEngineLog listener in _logs) listener.LogVerbose(message);
    }

    private void Update(Generation fetched)
    {
        lock (_gate)
        {
            if (Latest.IsFinished) return;
            if (_isCondensed && !fetched.IsFinished) return;
            (Latest, _isCondensed) = (fetched, false);
            if (!fetched.IsFinished) return;

            _slot?.Dispose();
            _finished.TrySetResult(true);
        }
    }

    private sealed class Subscription(Poller poller, IEngineLog log) : IDisposable
    {
        public void Dispose()
        {
            lock (poller._gate) poller._logs = [.. poller._logs.Where(other => other != log)];
        }
    }
}
