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

    /// <summary>The accounts by their signatures: the key itself does not outlive its connections here.</summary>
    private static readonly ConcurrentDictionary<string, Account> Known = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, Watch> _open = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, byte> _kept = new();
    private readonly ConcurrentDictionary<FaceGenException, Request> _reports = new();
    private readonly Pace _pace = new();

    private Account(int queueLimit) => Slots = new Slots(queueLimit);

    internal Slots Slots { get; }

    /// <summary>The face images that were uploaded.</summary>
    internal FaceUploads Faces { get; } = new();

    /// <summary>How often the service lets an account ask for its queue.</summary>
    internal CallRate RequestCounts { get; } = new(Limits.RequestCountsPerMinute);

    /// <summary>The service's calls.</summary>
    internal Callbacks Callbacks { get; } = new();

    /// <summary>The warnings that come up in the background.</summary>
    internal AccountWarnings Warnings { get; } = new();

    /// <summary>
    /// The generations that nobody has seen the end of, or whose images are to be saved and are not; the oldest first.
    /// </summary>
    internal IReadOnlyList<Watch> Open => [.. _open.Values.OrderBy(watch => watch.Latest.CreatedAt)];

    /// <summary>How long a generation may well take.</summary>
    internal TimeSpan LongTime => _pace.LongTime();

    /// <summary>The account of a connection: one for each address and key in the whole process; the
    /// enterprise addresses are one of their own.</summary>
    internal static Account Of(Connection connection) =>
        Known.GetOrAdd(connection.Signature, _ => new Account(connection.QueueLimit));

    /// <summary>Waits until no submission is without an answer and no file half written, so that <see cref="Open"/> is true.</summary>
    internal Task<bool[]> SettleAsync(CancellationToken cancel) => Task.WhenAll(_kept.Keys.Select(EndAsync)).UnlessAsync(cancel);

    /// <summary>The outcome goes to whoever started it: here only the end counts.</summary>
    private static Task<bool> EndAsync(Task work) => work.ContinueWith(_ => true, CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>
    /// Keeps sight of what a stop does not cut off, whatever becomes of the pipeline that began it: a submission whose answer
    /// is out, a file that is being written.
    /// </summary>
    /// <remarks>It is in sight before it begins: whoever looks just then waits for it.</remarks>
    internal Task<T> Keep<T>(Func<Task<T>> work)
    {
        var begun = new TaskCompletionSource<Task<T>>();
        Task<T> kept = Keep(begun.Task.Unwrap());
        begun.SetResult(work());
        return kept;
    }

    /// <inheritdoc cref="Keep{T}(Func{Task{T}})"/>
    internal Task<T> Keep<T>(Task<T> work)
    {
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
        var watch = new Watch(connection, generation, slot, _pace, isNew, isCalledFor ? Callbacks : null, isTaken);
        _open[generation.Id] = watch;
        return watch;
    }

    /// <summary>The outcomes that were reported and that nobody has been told.</summary>
    internal IReadOnlyList<(FaceGenException Outcome, Request Request)> Untold => [.. _reports.Select(report => (report.Key, report.Value))];

    /// <summary>
    /// Keeps the outcome of a submission that may have been paid for, until it has been told: the pipeline that asked may
    /// have gone.
    /// </summary>
    internal void Report(FaceGenException outcome, Request request) => _reports[outcome] = request;

    /// <summary>Marks an outcome as shown to the user, whichever account it is one of.</summary>
    internal static void MarkTold(FaceGenException outcome)
    {
        foreach (Account account in Known.Values) account._reports.TryRemove(outcome, out _);
    }

    /// <summary>Takes up what another connection to the same account left unwatched.</summary>
    internal void Resume(Connection connection)
    {
        foreach (Watch watch in _open.Values) watch.Resume(connection);
    }

    /// <summary>Looks once at a generation.</summary>
    /// <exception cref="FaceGenException">The service does not tell how it is.</exception>
    internal Task<Generation> LookAsync(Connection connection, string id, CancellationToken cancel) => Find(id) is { } watch
        ? watch.LookAsync(connection, cancel)
        : Fetch.OnceAsync(connection, Recall(id, connection), cancel);

    /// <summary>What is known of an id: all, where this process started it, or nothing but the id.</summary>
    internal Generation Recall(string id, Connection? connection = null) =>
        Find(id)?.Latest ?? new Generation { Id = id, Connection = connection };

    /// <summary>The watch over an id, if this process started it and its end was not seen.</summary>
    internal Watch? Find(string id) => _open.TryGetValue(id, out Watch? watch) ? watch : null;

    /// <summary>
    /// Gives a slot back when a generation that was perhaps accepted, and will not be heard of, is likely to have ended.
    /// </summary>
    internal Task GiveBackLaterAsync(Connection connection, Slots.Slot slot) =>
        slot.DisposeAfterAsync(_pace.LongTime(), connection.Services.Time);

    /// <summary>The end of a generation has reached the user.</summary>
    internal void MarkSeen(string id) => Settle(id, watch => watch.MarkSeen());

    /// <summary>Keeps a generation in sight until each of its images stands in a file.</summary>
    internal void BeginSaving(Connection connection, Generation generation) =>
        (Find(generation.Id) ?? Add(connection, generation, null)).BeginSaving();

    /// <summary>One of a generation's images stands in a file.</summary>
    internal void MarkSaved(string id, int index) => Settle(id, watch => watch.MarkSaved(index));

    /// <summary>An id is none of this account's.</summary>
    internal void Forget(string id) => _open.TryRemove(id, out _);

    private void Settle(string id, Action<Watch> mark)
    {
        if (Find(id) is not { } watch) return;

        mark(watch);
        if (watch.IsSettled) Forget(id);
    }
}
