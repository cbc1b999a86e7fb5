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
    internal const int LooksAtOnce = 16;

    /// <summary>Fewer generations than this are not worth looking through as others are added.</summary>
    private const int FewestToEvict = 1000;

    private readonly ConcurrentDictionary<string, Watch> _open = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> _kept = new();
    private readonly ConcurrentDictionary<FaceGenException, object> _reports = new();

    /// <summary>How many generations are kept when those that have expired are looked for next.</summary>
    private int _nextEviction = FewestToEvict;

    private readonly ExitGuard _exit;

    private Account(Connection connection) => (Slots, _exit) = (new Slots(connection.QueueLimit), connection.Services.Exit);

    internal Slots Slots { get; }

    /// <summary>What has been learnt of how long generations take.</summary>
    internal Pace Pace { get; } = new();

    /// <summary>The face images that were uploaded.</summary>
    internal FaceUploads Faces { get; } = new();

    /// <summary>How often the service lets an account ask for its queue.</summary>
    internal CallRate RequestCounts { get; } = new(Limits.RequestCountsPerMinute);

    /// <summary>The service's calls.</summary>
    internal Callbacks Callbacks { get; } = new();

    /// <summary>The warnings that come up in the background.</summary>
    internal AccountWarnings Warnings { get; } = new();

    /// <summary>
    /// The generations whose end the user has not seen, or whose images are to be saved and are not; the oldest first. Those
    /// whose images have expired are left out: what became of them is among the reports (<see cref="Untold"/>).
    /// </summary>
    internal IReadOnlyList<Watch> Open
    {
        get
        {
            EvictExpired();
            return [.. _open.Values.OrderBy(watch => watch.Latest.CreatedAt)];
        }
    }

    /// <summary>
    /// Gets the generations that this process submitted, or was to save, and that are neither saved, nor in the output of a
    /// command that ended well, nor recorded in a ledger.
    /// </summary>
    internal IEnumerable<Generation> Unreported =>
        Open.Where(watch => !watch.IsReported).Select(watch => watch.Latest).Where(generation => generation.Status != GenerationStatus.Failed);

    /// <summary>How long a generation may well take.</summary>
    internal TimeSpan LongTime => Pace.LongTime();

    /// <summary>The account of a connection: one for each address and key in the whole process; the
    /// enterprise addresses are one of their own.</summary>
    internal static Account Of(Connection connection) =>
        connection.Services.Accounts.GetOrAdd(connection.Signature, _ => new Account(connection));

    /// <summary>Waits until no submission is without an answer and no file half written, so that <see cref="Open"/> is true.</summary>
    internal Task<bool[]> SettleAsync(CancellationToken cancel) => Task.WhenAll(_kept.Keys.Select(EndAsync)).UnlessAsync(cancel);

    /// <summary>The outcome goes to whoever started it: here only the end counts.</summary>
    private static Task<bool> EndAsync(Task work) => work.ContinueWith(_ => true, CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Submits a request: neither a stop nor the end of the process cuts it off before its answer is recorded.</summary>
    /// <remarks>It is known to the account and to the process before it begins.</remarks>
    /// <exception cref="OperationCanceledException">The process is exiting. Nothing was sent.</exception>
    internal Task<T> SubmitAsync<T>(Request request, Func<Task<T>> send)
    {
        var begun = new TaskCompletionSource<Task<T>>();
        Task<T> submission = begun.Task.Unwrap();
        _exit.HoldSubmission(submission, ExitGuard.Describe(request));
        Keep(submission);
        begun.SetResult(send());
        return submission;
    }

    /// <summary>
    /// Keeps sight of what a stop does not cut off, whatever becomes of the pipeline that began it: a submission whose answer
    /// is out, a file that is being written.
    /// </summary>
    internal Task<T> Keep<T>(Task<T> work)
    {
        _exit.Hold(work, "");
        if (_kept.TryAdd(work, 0))
        {
            _ = work.ContinueWith(ended => _kept.TryRemove(ended, out _), CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return work;
    }

    /// <summary>Takes a generation in, with the slot that it fills, and watches it until it ends.</summary>
    internal Watch Add(
        Connection connection, Generation generation, Slots.Slot? slot, bool isNew = false, bool isCalledFor = false, bool isTaken = false)
    {
        if (_open.Count >= _nextEviction)
        {
            EvictExpired();
            _nextEviction = Math.Max(FewestToEvict, 2 * _open.Count);
        }

        var watch = new Watch(connection, generation, slot, this, isNew, isCalledFor ? Callbacks : null, isTaken);
        _open[generation.Id] = watch;
        return watch;
    }

    /// <summary>The outcomes that were reported and that nobody has been told.</summary>
    internal IReadOnlyList<(FaceGenException Outcome, object Target)> Untold => [.. _reports.Select(report => (report.Key, report.Value))];

    /// <summary>
    /// Keeps the outcome of a submission that may have been paid for, until it has been told: the pipeline that asked may
    /// have gone.
    /// </summary>
    internal void Report(FaceGenException outcome, Request request) => _reports[outcome] = request;

    /// <summary>Stops keeping a generation whose images have expired; an outcome that the user has not seen is reported.</summary>
    internal void Evict(Watch watch, FaceGenException? outcome)
    {
        Generation generation = watch.Latest;
        // Only this watch: another may have taken its id since.
        if (!((ICollection<KeyValuePair<string, Watch>>)_open).Remove(new KeyValuePair<string, Watch>(generation.Id, watch))) return;

        Callbacks.Forget(generation.Id);
        if (outcome is not null) _reports[outcome] = generation.Outline();
    }

    /// <summary>Warns, once for each, of a status that this version of FaceGen does not know.</summary>
    internal void WarnOfStatus(ServiceAnswer? answer, string id)
    {
        if (answer is not { HasUnknownStatus: true }) return;

        string word = DisplayText.Clean(answer.Status, 40);
        Warnings.Warn($"status {word}", $"The service gave generation {id} a status that FaceGen does not know: '{word}'. "
            + $"It counts as pending, unless the answer brings images, and is polled for {Limits.LinkHours} hours at most. It is not lost, and not submitted again.");
    }

    /// <summary>Marks an outcome as shown to the user, whichever account of the process it is one of.</summary>
    internal static void MarkTold(EngineServices services, FaceGenException outcome)
    {
        foreach (Account account in services.Accounts.Values) account._reports.TryRemove(outcome, out _);
    }

    /// <summary>Takes up what another connection to the same account left unwatched.</summary>
    internal void Resume(Connection connection)
    {
        foreach (Watch watch in _open.Values) watch.Resume(connection);
    }

    /// <summary>Looks once at a generation.</summary>
    /// <exception cref="FaceGenException">The service does not tell how it is.</exception>
    internal async Task<Generation> LookAsync(Connection connection, string id, CancellationToken cancel, IListener? listener = null)
    {
        using IDisposable? warnings = listener is null ? null : Warnings.Listen(listener);
        return await (Find(id) is { } watch
            ? watch.LookAsync(connection, cancel)
            : Fetch.OnceAsync(connection, Recall(id, connection), cancel)).ConfigureAwait(false);
    }

    /// <summary>What is known of an id: all, where this process started it, or nothing but the id.</summary>
    internal Generation Recall(string id, Connection? connection = null) =>
        Find(id)?.Latest ?? new Generation { Id = id, Connection = connection };

    /// <summary>The watch over an id, if this process started it and its end was not seen.</summary>
    internal Watch? Find(string id) => _open.TryGetValue(id, out Watch? watch) ? watch : null;

    /// <summary>
    /// Gives a slot back when a generation that was perhaps accepted, and will not be heard of, is likely to have ended.
    /// </summary>
    internal Task GiveBackLaterAsync(Connection connection, Slots.Slot slot) =>
        slot.DisposeAfterAsync(Pace.LongTime(), connection.Services.Time);

    /// <summary>The end of a generation has reached the user.</summary>
    internal void MarkSeen(string id) => Settle(id, watch => watch.MarkSeen());

    /// <summary>A finished generation was emitted by a command that still runs: keeps no more than finds it again.</summary>
    internal void MarkEmitted(string id) => Find(id)?.Condense();

    /// <summary>A generation is in the output of a command that ended well, or recorded in a ledger.</summary>
    internal void MarkReported(string id) => Find(id)?.MarkReported();

    /// <summary>Keeps a generation in sight until each of its images stands in a file.</summary>
    internal void BeginSaving(Connection connection, Generation generation) =>
        (Find(generation.Id) ?? Add(connection, generation, null)).BeginSaving(generation.Images.Count);

    /// <summary>One of a generation's images stands in a file.</summary>
    internal void MarkSaved(string id, int index) => Settle(id, watch => watch.MarkSaved(index));

    /// <summary>An id is none of this account's.</summary>
    internal void Forget(string id)
    {
        if (_open.TryRemove(id, out _)) Callbacks.Forget(id);
    }

    private void EvictExpired()
    {
        foreach (Watch watch in _open.Values)
        {
            if (watch.HasExpired(out FaceGenException? outcome)) Evict(watch, outcome);
        }
    }

    private void Settle(string id, Action<Watch> mark)
    {
        if (Find(id) is not { } watch) return;

        mark(watch);
        if (watch.IsSettled) Forget(id);
    }
}
