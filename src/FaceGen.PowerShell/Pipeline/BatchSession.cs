using System.Collections.Concurrent;
using FaceGen.BatchModel;
using FaceGen.Contract;
using FaceGen.Generating;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>The open ledger of a batch. It is used on other threads only, and closed however the command ends.</summary>
internal sealed class BatchSession
{
    /// <summary>How long a stop waits for the responses in flight; later ones are recorded in the background.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMilliseconds(300);

    /// <summary>The ledgers of this process that are being closed in the background.</summary>
    private static readonly ConcurrentDictionary<LedgerLocation, Task> ClosingLedgers = new();

    private readonly LedgerLocation _ledger;
    private Task? _lastTask;
    private Task? _closing;

    internal BatchSession(LedgerLocation ledger, Func<Task<IBatch>> open) => (_ledger, Opening) = (ledger, Task.Run(open));

    /// <summary>Gets the task that opens the ledger.</summary>
    internal Task<IBatch> Opening { get; }

    /// <summary>Gets the progress of the run; null before it starts.</summary>
    internal BatchProgress? Progress => Opening.Status == TaskStatus.RanToCompletion ? Opening.Result.Progress : null;

    /// <summary>True if <see cref="CloseAsync"/> was called.</summary>
    internal bool IsClosing => _closing is not null;

    /// <summary>Returns the task that closes a ledger in the background; null if it is closed.</summary>
    internal static Task? FindClosing(LedgerLocation ledger) => ClosingLedgers.TryGetValue(ledger, out Task? closing) ? closing : null;

    /// <summary>Uses the open ledger on another thread.</summary>
    internal Task<T> UseAsync<T>(Func<IBatch, Task<T>> work)
    {
        Task<T> task = Task.Run(() => work(Opening.Result));
        _lastTask = task;
        return task;
    }

    /// <summary>Runs the batch. A process that exits meanwhile waits until the responses in flight are in the ledger.</summary>
    internal Task<BatchSummary> RunAsync(BatchOptions options, CancellationToken stopToken) => UseAsync(batch =>
    {
        Task<BatchSummary> run = batch.RunAsync(options, stopToken);
        ExitGuard.Current.Register(run, $"The process exited before the ledger '{DisplayText.Clean(batch.LedgerName, 300)}' recorded all responses. The rows in flight become Uncertain: the service may have accepted and charged for them. Run the same command again.");
        return run;
    });

    /// <summary>Closes the ledger when the last task on it has ended.</summary>
    internal Task CloseAsync() => _closing ??= CloseWhenIdleAsync();

    /// <summary>Closes the ledger, in the background if a stop must not wait for it.</summary>
    internal void Close()
    {
        Task closing = CloseAsync();
        if (Task.WaitAny([closing], StopTimeout) == 0) return;

        ClosingLedgers[_ledger] = closing;
        ExitGuard.Current.Register(closing, "");
        _ = closing.ContinueWith(_ => ClosingLedgers.TryRemove(_ledger, out Task? _), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task CloseWhenIdleAsync()
    {
        // Errors of these tasks have been reported, or their command has ended.
        await Task.WhenAny(Opening).ConfigureAwait(false);
        if (_lastTask is not null) await Task.WhenAny(_lastTask).ConfigureAwait(false);
        if (Opening.Status == TaskStatus.RanToCompletion) await Opening.Result.DisposeAsync().ConfigureAwait(false);
    }
}
