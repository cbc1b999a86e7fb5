using FaceGen.Contract;
using FaceGen.Webhooks;

namespace FaceGen.Generating;

/// <summary>The state of a generation when the account adds it.</summary>
internal readonly record struct PendingOptions
{
    /// <summary>Gets the slot that the generation occupies until it ends.</summary>
    internal Slots.Slot? Slot { get; init; }

    /// <summary>True if this process submitted it just now; otherwise its id comes from elsewhere and it may have ended long ago.</summary>
    internal bool IsNew { get; init; }

    /// <summary>True if the service sends a webhook delivery for it.</summary>
    internal bool IsDeliveryExpected { get; init; }

    /// <summary>True if a command waits for it, so that Receive-FaceGenWebhook does not emit it.</summary>
    internal bool IsAwaited { get; init; }
}

/// <summary>
/// A generation that the account keeps until its outcome is acknowledged and its images are saved. One <see cref="Poller"/> polls
/// it, however many commands wait for it, and when it ends its slot is released.
/// </summary>
internal sealed class PendingGeneration
{
    /// <summary>How long the service keeps images: what has not ended by then is not polled any more.</summary>
    internal static readonly TimeSpan ImageLifetime = TimeSpan.FromHours(Limits.LinkLifetimeHours);

    private readonly object _gate = new();
    private readonly Account _account;
    private readonly TimeProvider _time;
    private readonly long _startTimestamp;
    private TaskCompletionSource<bool> _finished = CreateSource();
    private Connection _connection;
    private Task<Generation>? _polling;
    private HashSet<int>? _unsavedImages;
    private bool _isAcknowledged;
    private bool _isNew;
    private bool _isIdAcknowledged;
    private bool _isAwaited;
    private bool _isOutline;

    /// <summary>The period in which <see cref="Account.ImagePrice"/> counted the requested images; null if it does not count them, or has the number received.</summary>
    private int? _pricePeriod;
    private IEngineLog[] _logs = [];

    /// <summary>Starts to poll a generation, unless it has ended.</summary>
    /// <param name="account">The account that keeps it.</param>
    /// <param name="connection">The connection that polls.</param>
    /// <param name="generation">The generation as far as it is known.</param>
    /// <param name="options">Its slot, and what expects it.</param>
    internal PendingGeneration(Account account, Connection connection, Generation generation, PendingOptions options)
    {
        (_account, _connection, Latest) = (account, connection, generation);
        _time = connection.Services.Time;
        _startTimestamp = _time.GetTimestamp();
        Slot = options.Slot;
        Deliveries = options.IsDeliveryExpected ? account.Deliveries : null;
        (_isNew, _isAwaited) = (options.IsNew, options.IsAwaited);
        _pricePeriod = options.IsNew ? account.ImagePrice.Period : null;
        // An id that comes from elsewhere is known to the user.
        _isIdAcknowledged = !options.IsNew;
        if (!generation.IsFinished)
        {
            _ = EnsurePolling(connection);
            return;
        }

        CountMissingImages();
        Slot?.Release();
        // The delivery is still to come, and is ignored.
        Deliveries?.MarkFinished(generation.Id, isMissed: false);
    }

    /// <summary>Gets the generation as the last poll reported it.</summary>
    internal Generation Latest { get; private set; }

    /// <summary>Gets the slot that the generation occupies; null if it is not known to occupy one.</summary>
    internal Slots.Slot? Slot { get; }

    /// <summary>Gets the account's webhook deliveries; null if none is expected for this generation.</summary>
    internal DeliveryTracker? Deliveries { get; }

    /// <summary>Gets a task that ends with the generation.</summary>
    internal Task<bool> Finished => _finished.Task;

    /// <summary>Gets how long until the images would have expired by elapsed time, which no setting of the clock changes.</summary>
    internal TimeSpan TimeLeft => ImageLifetime - _time.GetElapsedTime(_startTimestamp);

    /// <summary>True if the outcome is acknowledged, and every image that is to be saved is saved.</summary>
    internal bool CanRemove
    {
        get
        {
            lock (_gate) return _isAcknowledged && _unsavedImages is not { Count: > 0 };
        }
    }

    /// <summary>
    /// True if the id is in the output of a command that succeeded, or in a ledger, and every image that is to be saved is
    /// saved.
    /// </summary>
    internal bool IsIdAcknowledged
    {
        get
        {
            lock (_gate) return _isIdAcknowledged && _unsavedImages is not { Count: > 0 };
        }
    }

    /// <summary>True if Receive-FaceGenWebhook is to emit it: a delivery is expected, and no command waits for it.</summary>
    internal bool IsReceivable
    {
        get
        {
            lock (_gate) return Deliveries is not null && !_isAwaited && !_isAcknowledged;
        }
    }

    /// <summary>Records that the id is in a command's output or in a ledger.</summary>
    internal void MarkIdAcknowledged()
    {
        lock (_gate) _isIdAcknowledged = true;
    }

    /// <summary>Records that the outcome is acknowledged.</summary>
    internal void MarkAcknowledged()
    {
        lock (_gate) _isAcknowledged = Latest.IsFinished || _isOutline;
    }

    /// <summary>Keeps the generation until each of its images is saved.</summary>
    internal void BeginSaving(int imageCount)
    {
        lock (_gate) _unsavedImages = _unsavedImages is { Count: > 0 } ? _unsavedImages : [.. Enumerable.Range(0, imageCount)];
    }

    /// <summary>Records that an image is saved. With the last one the outcome is acknowledged.</summary>
    internal void MarkSaved(int index)
    {
        lock (_gate)
        {
            _unsavedImages?.Remove(index);
            _isAcknowledged |= _unsavedImages is { Count: 0 };
        }
    }

    /// <summary>Sets whether a command waits for the generation and will emit it.</summary>
    internal void SetAwaited(bool isAwaited)
    {
        lock (_gate) _isAwaited = isAwaited;
        // Receive-FaceGenWebhook may emit it now.
        if (!isAwaited) Deliveries?.NotifyChange();
    }

    /// <summary>Returns the end of a generation that <see cref="IsReceivable"/>, once; null if it has not ended.</summary>
    internal Task<Generation>? TryReceive()
    {
        lock (_gate)
        {
            if (!IsReceivable || !(Latest.IsFinished || _polling is { IsFaulted: true })) return null;

            _isAwaited = true;
            return Latest.IsFinished ? Task.FromResult(Latest) : _polling;
        }
    }

    /// <summary>
    /// Reduces a generation that was emitted to its outline: if its command is stopped and the output lost, a poll gets the rest
    /// again. Images, above all inline ones, would fill the memory in a long pipeline.
    /// </summary>
    internal void ReduceToOutline()
    {
        lock (_gate)
        {
            if (!Latest.IsFinished) return;

            Latest = Latest.ToOutline();
            (_isOutline, _isAwaited) = (true, true);
            // The task's result is the whole generation.
            (_polling, _finished) = (null, CreateSource());
        }
    }

    /// <summary>True if the images have expired, and no poll is in progress.</summary>
    /// <param name="outcome">The outcome that is not acknowledged; null if there is none.</param>
    internal bool HasExpired(out FaceGenException? outcome)
    {
        lock (_gate)
        {
            outcome = null;
            bool isPolled = _polling is { IsCompleted: false };
            bool isInline = Latest.Images.Any(image => Generation.ParseLink(image) is null);
            if (isPolled || isInline || TimeLeft > TimeSpan.Zero) return false;

            outcome = Latest.StatusValue switch
            {
                _ when _isOutline => null,
                GenerationStatus.Failed => Latest.CreateFailedError(),
                GenerationStatus.Success => new FaceGenException(ErrorCode.LinkExpired,
                    $"The images of generation {Latest.Id} were ready and not saved within {ImageLifetime.TotalHours:0} hours, when links expire. They were charged. "
                    + $"If your account keeps images longer, 'Get-FaceGenImage {Latest.Id} | Save-FaceGenOutput' still saves them."),
                _ => CreateExpiredError("the service did not report an outcome"),
            };
            return true;
        }
    }

    /// <summary>Creates the error for a generation whose images would have expired before it was ready.</summary>
    internal FaceGenException CreateExpiredError(string reason) => new(ErrorCode.GenerationTimeout,
        $"Generation {Latest.Id} was not ready within {ImageLifetime.TotalHours:0} hours, after which its images would have expired ({reason.TrimEnd('.')}). "
        + $"It may have been charged. FaceGen does not poll it any more; 'Get-FaceGenImage {Latest.Id}' fetches it once.");

    /// <summary>Logs what the poller waits for, until the result is disposed of.</summary>
    internal IDisposable Subscribe(IEngineLog log)
    {
        lock (_gate) _logs = [.. _logs, log];
        return new Subscription(this, log);
    }

    /// <summary>Writes a message to every log that is subscribed.</summary>
    internal void LogVerbose(string message)
    {
        // The array is replaced, never changed.
        foreach (IEngineLog log in _logs) log.LogVerbose(message);
    }

    /// <summary>
    /// Waits for the end of the generation. Polling that broke off, because the connection was disconnected or the service
    /// refused to report the generation, continues with this connection.
    /// </summary>
    /// <exception cref="FaceGenException">The service does not report the generation.</exception>
    internal async Task<Generation> WaitForEndAsync(Connection connection)
    {
        while (true)
        {
            Task<Generation> polling = EnsurePolling(connection);
            await Task.WhenAny(polling).ConfigureAwait(false);
            // Canceled by another connection that was disconnected: this one takes over.
            if (!polling.IsCanceled || connection.LifetimeToken.IsCancellationRequested) return await polling.ConfigureAwait(false);
        }
    }

    /// <summary>Polls again if the connection that polled was disconnected.</summary>
    internal void Resume(Connection connection)
    {
        if (!Latest.IsFinished && !_isOutline) _ = EnsurePolling(connection);
    }

    /// <summary>Fetches the generation once, now, unless it has ended.</summary>
    /// <exception cref="FaceGenException">The service does not report the generation.</exception>
    internal async Task<Generation> FetchAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (!Latest.IsFinished) Update(await Fetcher.FetchAsync(connection, Latest, cancellationToken).ConfigureAwait(false));
        return Latest;
    }

    /// <summary>Returns a task that ends when a webhook delivery for the generation comes; false if none can come any more.</summary>
    internal Task<bool> WaitForDeliveryAsync() => Deliveries?.WaitForDeliveryAsync(Latest.Id) ?? Finished;

    /// <summary>Records what a fetch returned. At the end of the generation, releases its slot.</summary>
    internal void Update(Generation fetched)
    {
        lock (_gate)
        {
            if (Latest.IsFinished || (_isOutline && !fetched.IsFinished)) return;

            (Latest, _isOutline) = (fetched, false);
            if (!fetched.IsFinished) return;

            CountMissingImages();
            Slot?.Release();
            _finished.TrySetResult(true);
        }
    }

    private void CountMissingImages()
    {
        if (_pricePeriod is { } period) _account.ImagePrice.RemoveImages(Latest.MissingImageCount, period);
        _pricePeriod = null;
    }

    /// <summary>Returns the one polling task; starts it if there is none, or if it broke off.</summary>
    private Task<Generation> EnsurePolling(Connection connection)
    {
        lock (_gate)
        {
            if (Latest.IsFinished) return Task.FromResult(Latest);
            if (_polling is null || _polling.IsFaulted || _polling.IsCanceled || _connection.LifetimeToken.IsCancellationRequested)
            {
                _connection = connection;
                _polling = PollAsync(connection);
                // Where no command waits, the next one that does gets the error.
                _polling.ObserveException();
            }

            return _polling;
        }
    }

    private async Task<Generation> PollAsync(Connection connection)
    {
        bool isNew = _isNew, canLearn = !_isOutline;
        _isNew = false;
        try
        {
            return await new Poller(this, connection, _account.PollInterval).PollAsync(isNew, canLearn).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The generation may continue, and its end will not be reported. A connection that was only disconnected keeps the slot.
            _ = Slot?.ReleaseAfterAsync(_account.PollInterval.GetAssumedDuration(), _time);
            // An error that the service reported stays as it is; a service without a response has reported nothing.
            FaceGenException? outcome = TimeLeft > TimeSpan.Zero ? null
                : e is FaceGenException { Code: not ErrorCode.FetchFailed } reported ? reported : CreateExpiredError(e.Message);
            // A command that waits gets the error and acknowledges it; otherwise the account keeps it.
            if (outcome is not null) _account.Evict(this, outcome);
            Deliveries?.NotifyChange();
            if (outcome is not null && outcome != e) throw outcome;
            throw;
        }
    }

    private static TaskCompletionSource<bool> CreateSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Subscription(PendingGeneration generation, IEngineLog log) : IDisposable
    {
        public void Dispose()
        {
            lock (generation._gate) generation._logs = [.. generation._logs.Where(other => other != log)];
        }
    }
}
