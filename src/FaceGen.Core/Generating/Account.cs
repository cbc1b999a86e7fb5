using System.Collections.Concurrent;
using FaceGen.Accounts;
using FaceGen.Contract;
using FaceGen.Http;
using FaceGen.Webhooks;

namespace FaceGen.Generating;

/// <summary>
/// The state of one account in this process: the slots of its queue, which all pipelines share, its pending generations, and
/// outcomes that are not acknowledged.
/// </summary>
internal sealed class Account
{
    /// <summary>The number of generations that are fetched at the same time.</summary>
    internal const int MaxConcurrentFetches = 16;

    /// <summary>The number of generations from which on adding one evicts expired ones.</summary>
    private const int EvictionThreshold = 1000;

    private readonly ConcurrentDictionary<string, PendingGeneration> _pending = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<FaceGenException, object> _outcomes = new();
    private readonly ExitGuard _exitGuard;

    /// <summary>The work that a stop does not cancel; true for a submission.</summary>
    private readonly ConcurrentDictionary<Task, bool> _trackedWork = new();

    /// <summary>The number of generations at which the next eviction is due.</summary>
    private int _nextEvictionCount = EvictionThreshold;

    private Account(Connection connection) => (Slots, _exitGuard) = (new Slots(connection.QueueLimit), connection.Services.ExitGuard);

    internal Slots Slots { get; }

    internal AdaptiveRateLimiter AdaptiveRateLimiter { get; } = new();

    internal DuplicateRequestLimiter DuplicateRequestLimiter { get; } = new();

    internal PollInterval PollInterval { get; } = new();

    internal FaceUploads FaceUploads { get; } = new();

    /// <summary>Gets the rate at which the service reports how many requests are queued.</summary>
    internal RateLimiter QueueCountLimiter { get; } = new(Limits.MaxRequestCountsPerMinute);

    internal DeliveryTracker Deliveries { get; } = new();

    internal AccountWarnings Warnings { get; } = new();

    internal ImagePrice ImagePrice { get; } = new();

    /// <summary>True if a submission is in flight.</summary>
    internal bool HasSubmissionInFlight => _trackedWork.Any(work => work.Value);

    /// <summary>
    /// Gets the generations whose outcome is not acknowledged, or whose images are not all saved; the oldest first.
    /// Generations whose images have expired are among <see cref="UnacknowledgedOutcomes"/> instead.
    /// </summary>
    internal IReadOnlyList<PendingGeneration> Pending
    {
        get
        {
            EvictExpired();
            return [.. _pending.Values.OrderBy(pending => pending.Latest.CreatedAt)];
        }
    }

    /// <summary>
    /// Gets the generations whose id is not acknowledged: no command that succeeded has emitted it, no ledger contains it, and its
    /// images are not saved.
    /// </summary>
    internal IEnumerable<Generation> UnacknowledgedGenerations =>
        Pending.Where(pending => !pending.IsIdAcknowledged).Select(pending => pending.Latest).Where(generation => generation.StatusValue != GenerationStatus.Failed);

    /// <summary>Gets the outcomes that are not acknowledged, each with its request or generation.</summary>
    internal IReadOnlyList<(FaceGenException Outcome, object Target)> UnacknowledgedOutcomes => [.. _outcomes.Select(outcome => (outcome.Key, outcome.Value))];

    /// <summary>Gets how long a generation is assumed to take if its end is not reported (docs/architecture.md#slots-of-an-uncertain-submission).</summary>
    internal TimeSpan AssumedDuration => PollInterval.GetAssumedDuration();

    /// <summary>Returns the account of a connection: one for each address and key of the process; the enterprise addresses have their own.</summary>
    internal static Account For(Connection connection) =>
        connection.Services.Accounts.GetOrAdd(connection.Signature, _ => new Account(connection));

    /// <summary>Records that an outcome is acknowledged, whichever account it belongs to.</summary>
    internal static void MarkAcknowledged(EngineServices services, FaceGenException outcome)
    {
        foreach (Account account in services.Accounts.Values) account._outcomes.TryRemove(outcome, out _);
    }

    /// <summary>Waits until no submission is in flight and no file is being written, so that <see cref="Pending"/> is complete.</summary>
    internal Task<bool[]> WaitForTrackedWorkAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_trackedWork.Keys.Select(WaitForEndAsync)).WaitAsync(cancellationToken);

    private static Task<bool> WaitForEndAsync(Task work) => work.ContinueWith(_ => true, CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Acquires a slot, as soon as one is free and the rate of submissions allows another one.</summary>
    internal async Task<Slots.Slot> AcquireSlotAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        Slots.Slot slot = await Slots.AcquireAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await AdaptiveRateLimiter.WaitAsync(time, cancellationToken).ConfigureAwait(false);
            return slot;
        }
        catch
        {
            slot.Release();
            throw;
        }
    }

    /// <summary>Acquires a slot if one is free and the next submission is not delayed; otherwise null.</summary>
    internal Slots.Slot? TryAcquireSlot() => AdaptiveRateLimiter.Interval > TimeSpan.Zero ? null : Slots.TryAcquire();

    /// <summary>
    /// Sends a submission. Neither a stop nor the end of the process cancels it before its response is recorded, because the
    /// account and the process know it before it begins.
    /// </summary>
    /// <exception cref="OperationCanceledException">The process is exiting. Nothing was sent.</exception>
    internal Task<T> SubmitAsync<T>(Request request, Func<Task<T>> send)
    {
        var begun = new TaskCompletionSource<Task<T>>();
        Task<T> submission = begun.Task.Unwrap();
        _exitGuard.RegisterSubmission(submission, ExitReport.Describe(request));
        Track(submission, isSubmission: true);
        begun.SetResult(send());
        return submission;
    }

    /// <summary>Tracks work other than a submission that a stop does not cancel, such as a file that is being written, until it is done.</summary>
    internal void Track(Task work)
    {
        _exitGuard.Register(work, "");
        Track(work, isSubmission: false);
    }

    /// <summary>Adds a generation and polls it until it ends.</summary>
    internal PendingGeneration Add(Connection connection, Generation generation, PendingOptions options = default)
    {
        if (_pending.Count >= _nextEvictionCount)
        {
            EvictExpired();
            _nextEvictionCount = Math.Max(EvictionThreshold, 2 * _pending.Count);
        }

        var pending = new PendingGeneration(this, connection, generation, options);
        _pending[generation.Id] = pending;
        return pending;
    }

    /// <summary>Returns the pending generation of an id; null if there is none.</summary>
    internal PendingGeneration? Find(string id) => _pending.TryGetValue(id, out PendingGeneration? pending) ? pending : null;

    /// <summary>Returns what is known of an id: the generation if it is pending, otherwise the id alone.</summary>
    internal Generation GetGeneration(string id, Connection? connection = null) =>
        Find(id)?.Latest ?? new Generation { Id = id, Connection = connection };

    /// <summary>Fetches a generation once.</summary>
    /// <exception cref="FaceGenException">The service does not report the generation.</exception>
    internal Task<Generation> FetchAsync(Connection connection, string id, IEngineLog? log, CancellationToken cancellationToken) =>
        FetchAsync(connection, new Generation { Id = id, Connection = connection }, log, cancellationToken);

    /// <summary>Fetches a generation once: by what an object knows of it, such as its <c>fetch_result</c>, unless it is pending.</summary>
    /// <exception cref="FaceGenException">The service does not report the generation.</exception>
    internal async Task<Generation> FetchAsync(Connection connection, Generation known, IEngineLog? log, CancellationToken cancellationToken)
    {
        using IDisposable? warnings = log is null ? null : Warnings.Subscribe(log);
        return await (Find(known.Id) is { } pending
            ? pending.FetchAsync(connection, cancellationToken)
            : Fetcher.FetchAsync(connection, known.ToOutline(), cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Polls with this connection what another connection to the same account stopped polling.</summary>
    internal void ResumePolling(Connection connection)
    {
        foreach (PendingGeneration pending in _pending.Values) pending.Resume(connection);
    }

    /// <summary>
    /// Releases the slot of a generation that may have been accepted, and whose end will not be reported, after <see cref="AssumedDuration"/>
    /// (docs/architecture.md#slots-of-an-uncertain-submission).
    /// </summary>
    internal Task ReleaseLaterAsync(Connection connection, Slots.Slot slot) =>
        slot.ReleaseAfterAsync(AssumedDuration, connection.Services.Time);

    /// <summary>Keeps the outcome of a submission that may have been charged until it is acknowledged.</summary>
    internal void RecordOutcome(FaceGenException outcome, Request request) => _outcomes[outcome] = request;

    /// <summary>Records that the outcome of a generation is acknowledged.</summary>
    internal void MarkAcknowledged(string id) => Mark(id, pending => pending.MarkAcknowledged());

    /// <summary>Records that a running command has emitted a finished generation, and reduces it to its outline.</summary>
    internal void MarkEmitted(string id) => Find(id)?.ReduceToOutline();

    /// <summary>Records that a generation is in the output of a command that succeeded, or in a ledger.</summary>
    internal void MarkIdAcknowledged(string id) => Find(id)?.MarkIdAcknowledged();

    /// <summary>Keeps a generation until each of its images is saved.</summary>
    internal void BeginSaving(Connection connection, Generation generation) =>
        (Find(generation.Id) ?? Add(connection, generation)).BeginSaving(generation.Images.Count);

    /// <summary>Keeps a generation until each of its images is saved, if it is still pending: what was saved before stays saved.</summary>
    internal void BeginSavingPending(Generation generation) => Find(generation.Id)?.BeginSaving(generation.Images.Count);

    /// <summary>Records that an image of a generation is saved.</summary>
    internal void MarkSaved(string id, int index) => Mark(id, pending => pending.MarkSaved(index));

    /// <summary>Removes a generation: its outcome is acknowledged, or the service does not know its id.</summary>
    internal void Remove(string id)
    {
        if (_pending.TryRemove(id, out _)) Deliveries.StopWaiting(id);
    }

    /// <summary>Removes a generation whose images have expired, and keeps its outcome if that is not acknowledged.</summary>
    internal void Evict(PendingGeneration pending, FaceGenException? outcome)
    {
        Generation generation = pending.Latest;
        // Only this one: another may have been added with its id since.
        if (!((ICollection<KeyValuePair<string, PendingGeneration>>)_pending).Remove(new KeyValuePair<string, PendingGeneration>(generation.Id, pending))) return;

        Deliveries.StopWaiting(generation.Id);
        if (outcome is not null) _outcomes[outcome] = generation.ToOutline();
    }

    /// <summary>Warns, once for each, of a status that this version of FaceGen does not know.</summary>
    internal void WarnOfUnknownStatus(ServiceResponse? response, string id)
    {
        if (response is not { HasUnknownStatus: true }) return;

        string status = DisplayText.Clean(response.Status, 40);
        Warnings.LogWarning($"status {status}", $"The service returned a status that FaceGen does not know for generation {id}: '{status}'. "
            + $"FaceGen treats it as pending, unless the response has images, and polls it for {Limits.LinkLifetimeHours} hours at most. It is not lost, and not submitted again.");
    }

    private void Track(Task work, bool isSubmission)
    {
        if (!_trackedWork.TryAdd(work, isSubmission)) return;

        _ = work.ContinueWith(ended => _trackedWork.TryRemove(ended, out _), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void EvictExpired()
    {
        foreach (PendingGeneration pending in _pending.Values)
        {
            if (pending.HasExpired(out FaceGenException? outcome)) Evict(pending, outcome);
        }
    }

    private void Mark(string id, Action<PendingGeneration> mark)
    {
        if (Find(id) is not { } pending) return;

        mark(pending);
        if (pending.CanRemove) Remove(id);
    }
}
