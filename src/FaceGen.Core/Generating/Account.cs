using System.Collections.Concurrent;
using FaceGen.Contract;
using FaceGen.Http;
using FaceGen.Webhooks;

namespace FaceGen.Generating;

/// <summary>
/// What this process knows of one account at the service: the places of its queue, shared by every pipeline, and the
/// generations that are not settled yet.
/// </summary>
internal sealed class Account
{
    /// <summary>How many generations are looked at at the same time.</summary>
    internal const int MaxConcurrentFetches = 16;

    /// <summary>Fewer generations than this are not worth looking through as others are added.</summary>
    private const int EvictionThreshold = 1000;

    private readonly ConcurrentDictionary<string, Poller> _pollers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> _inFlight = new();
    private readonly ConcurrentDictionary<FaceGenException, object> _outcomes = new();

    /// <summary>How many generations are kept when those that have expired are looked for next.</summary>
    private int _nextEvictionCount = EvictionThreshold;

    private readonly ExitGuard _exitGuard;

    private Account(Connection connection) => (Slots, _exitGuard) = (new Slots(connection.QueueLimit), connection.Services.ExitGuard);

    internal Slots Slots { get; }

    /// <summary>What has been learnt of how long generations take.</summary>
    internal PollInterval PollInterval { get; } = new();

    /// <summary>The face images that were uploaded.</summary>
    internal FaceUploads FaceUploads { get; } = new();

    /// <summary>How often the service lets an account ask for its queue.</summary>
    internal RateLimiter QueueCountLimiter { get; } = new(Limits.MaxRequestCountsPerMinute);

    /// <summary>The service's calls.</summary>
    internal DeliveryTracker Deliveries { get; } = new();

    /// <summary>The warnings that come up in the background.</summary>
    internal AccountWarnings Warnings { get; } = new();

    /// <summary>
    /// The generations whose end the user has not seen, or whose images are to be saved and are not; the oldest first. Those
    /// whose images have expired are left out: what became of them is among the reports (<see cref="UnacknowledgedOutcomes"/>).
    /// </summary>
    internal IReadOnlyList<Poller> Pending
    {
        get
        {
            EvictExpired();
            return [.. _pollers.Values.OrderBy(watch => watch.Latest.CreatedAt)];
        }
    }

    /// <summary>
    /// Gets the generations that this process submitted, or was to save, and that are neither saved, nor in the output of a
    /// command that ended well, nor recorded in a ledger.
    /// </summary>
    internal IEnumerable<Generation> UnreportedGenerations =>
        Pending.Where(watch => !watch.IsReported).Select(watch => watch.Latest).Where(generation => generation.Status != GenerationStatus.Failed);

    /// <summary>How long a generation may well take.</summary>
    internal TimeSpan AssumedDuration => PollInterval.GetAssumedDuration();

    /// <summary>The account of a connection: one for each address and key in the whole process; the
    /// enterprise addresses are one of their own.</summary>
    internal static Account For(Connection connection) =>
        connection.Services.Accounts.GetOrAdd(connection.Signature, _ => new Account(connection));

    /// <summary>Waits until no submission is without an answer and no file half written, so that <see cref="Pending"/> is true.</summary>
    internal Task<bool[]> WaitForInFlightAsync(CancellationToken cancellationToken) => Task.WhenAll(_inFlight.Keys.Select(WaitForEndAsync)).WaitAsync(cancellationToken);

    /// <summary>The outcome goes to whoever started it: here only the end counts.</summary>
    private static Task<bool> WaitForEndAsync(Task work) => work.ContinueWith(_ => true, CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Submits a request: neither a stop nor the end of the process cuts it off before its answer is recorded.</summary>
    /// <remarks>It is known to the account and to the process before it begins.</remarks>
    /// <exception cref="OperationCanceledException">The process is exiting. Nothing was sent.</exception>
    internal Task<T> SubmitAsync<T>(Request request, Func<Task<T>> send)
    {
        var begun = new TaskCompletionSource<Task<T>>();
        Task<T> submission = begun.Task.Unwrap();
        _exitGuard.TrackSubmission(submission, ExitGuard.Describe(request));
        Track(submission);
        begun.SetResult(send());
        return submission;
    }

    /// <summary>
    /// Keeps sight of what a stop does not cut off, whatever becomes of the pipeline that began it: a submission whose answer
    /// is out, a file that is being written.
    /// </summary>
    internal Task<T> Track<T>(Task<T> work)
    {
        _exitGuard.Track(work, "");
        if (_inFlight.TryAdd(work, 0))
        {
            _ = work.ContinueWith(ended => _inFlight.TryRemove(ended, out _), CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return work;
    }

    /// <summary>Takes a generation in, with the slot that it fills, and watches it until it ends.</summary>
    internal Poller Add(
        Connection connection, Generation generation, Slots.Slot? slot, bool isNew = false, bool isDeliveryExpected = false, bool isAwaited = false)
    {
        if (_pollers.Count >= _nextEvictionCount)
        {
            EvictExpired();
            _nextEvictionCount = Math.Max(EvictionThreshold, 2 * _pollers.Count);
        }

        var watch = new Poller(connection, generation, slot, this, isNew, isDeliveryExpected ? Deliveries : null, isAwaited);
        _pollers[generation.Id] = watch;
        return watch;
    }

    /// <summary>The outcomes that were reported and that nobody has been told.</summary>
    internal IReadOnlyList<(FaceGenException Outcome, object Target)> UnacknowledgedOutcomes => [.. _outcomes.Select(report => (report.Key, report.Value))];

    /// <summary>
    /// Keeps the outcome of a submission that may have been paid for, until it has been told: the pipeline that asked may
    /// have gone.
    /// </summary>
    internal void RecordOutcome(FaceGenException outcome, Request request) => _outcomes[outcome] = request;

    /// <summary>Stops keeping a generation whose images have expired; an outcome that the user has not seen is reported.</summary>
    internal void Evict(Poller poller, FaceGenException? outcome)
    {
        Generation generation = poller.Latest;
        // Only this watch: another may have taken its id since.
        if (!((ICollection<KeyValuePair<string, Poller>>)_pollers).Remove(new KeyValuePair<string, Poller>(generation.Id, poller))) return;

        Deliveries.StopWaiting(generation.Id);
        if (outcome is not null) _outcomes[outcome] = generation.ToOutline();
    }

    /// <summary>Warns, once for each, of a status that this version of FaceGen does not know.</summary>
    internal void WarnOfUnknownStatus(ServiceResponse? answer, string id)
    {
        if (answer is not { HasUnknownStatus: true }) return;

        string word = DisplayText.Clean(answer.Status, 40);
        Warnings.LogWarning($"status {word}", $"The service gave generation {id} a status that FaceGen does not know: '{word}'. "
            + $"It counts as pending, unless the answer brings images, and is polled for {Limits.LinkLifetimeHours} hours at most. It is not lost, and not submitted again.");
    }

    /// <summary>Marks an outcome as shown to the user, whichever account of the process it is one of.</summary>
    internal static void MarkAcknowledged(EngineServices services, FaceGenException outcome)
    {
        foreach (Account account in services.Accounts.Values) account._outcomes.TryRemove(outcome, out _);
    }

    /// <summary>Takes up what another connection to the same account left unwatched.</summary>
    internal void ResumePolling(Connection connection)
    {
        foreach (Poller watch in _pollers.Values) watch.Resume(connection);
    }

    /// <summary>Looks once at a generation.</summary>
    /// <exception cref="FaceGenException">The service does not tell how it is.</exception>
    internal async Task<Generation> FetchAsync(Connection connection, string id, CancellationToken cancellationToken, IEngineLog? log = null)
    {
        using IDisposable? warnings = log is null ? null : Warnings.Subscribe(log);
        return await (Find(id) is { } watch
            ? watch.FetchAsync(connection, cancellationToken)
            : Fetcher.FetchAsync(connection, GetGeneration(id, connection), cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>What is known of an id: all, where this process started it, or nothing but the id.</summary>
    internal Generation GetGeneration(string id, Connection? connection = null) =>
        Find(id)?.Latest ?? new Generation { Id = id, Connection = connection };

    /// <summary>The watch over an id, if this process started it and its end was not seen.</summary>
    internal Poller? Find(string id) => _pollers.TryGetValue(id, out Poller? watch) ? watch : null;

    /// <summary>
    /// Gives a slot back when a generation that was perhaps accepted, and will not be heard of, is likely to have ended.
    /// </summary>
    internal Task ReleaseLaterAsync(Connection connection, Slots.Slot slot) =>
        slot.ReleaseAfterAsync(PollInterval.GetAssumedDuration(), connection.Services.Time);

    /// <summary>The end of a generation has reached the user.</summary>
    internal void MarkSeen(string id) => Mark(id, watch => watch.MarkSeen());

    /// <summary>A finished generation was emitted by a command that still runs: keeps no more than finds it again.</summary>
    internal void MarkEmitted(string id) => Find(id)?.Condense();

    /// <summary>A generation is in the output of a command that ended well, or recorded in a ledger.</summary>
    internal void MarkReported(string id) => Find(id)?.MarkReported();

    /// <summary>Keeps a generation in sight until each of its images stands in a file.</summary>
    internal void BeginSaving(Connection connection, Generation generation) =>
        (Find(generation.Id) ?? Add(connection, generation, null)).BeginSaving(generation.Images.Count);

    /// <summary>One of a generation's images stands in a file.</summary>
    internal void MarkSaved(string id, int index) => Mark(id, watch => watch.MarkSaved(index));

    /// <summary>An id is none of this account's.</summary>
    internal void Forget(string id)
    {
        if (_pollers.TryRemove(id, out _)) Deliveries.StopWaiting(id);
    }

    private void EvictExpired()
    {
        foreach (Poller watch in _pollers.Values)
        {
            if (watch.HasExpired(out FaceGenException? outcome)) Evict(watch, outcome);
        }
    }

    private void Mark(string id, Action<Poller> mark)
    {
        if (Find(id) is not { } watch) return;

        mark(watch);
        if (watch.CanForget) Forget(id);
    }
}
