using FaceGen.Batches.Ledgers;
using FaceGen.BatchModel;
using FaceGen.Generating;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>What the parts of a run share.</summary>
/// <param name="Ledger">The ledger.</param>
/// <param name="Connection">The connection that submits.</param>
/// <param name="Options">How the batch is run.</param>
/// <param name="Observer">Is told what becomes of the rows.</param>
/// <param name="EndToken">The run is to end: by a stop, the time limit, or the connection's end.</param>
/// <param name="DeadlineToken">The time limit is over: no row waits for storage any more.</param>
internal sealed record RunContext(
    ILedger Ledger, Connection Connection, BatchOptions Options, IBatchObserver Observer, CancellationToken EndToken, CancellationToken DeadlineToken = default)
{
    private TaskCompletionSource<bool> _rowWritten = NewSignal();

    internal Account Account { get; } = Account.For(Connection);

    internal TimeProvider Time => Connection.Services.Time;

    internal DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Keep the run from submitting more.</summary>
    internal RunLimits Limits { get; } = new(Connection, Options, Observer);

    /// <summary>Waits where the disk is full or cannot be written.</summary>
    internal StorageRetry StorageRetry { get; } = new(
        Connection.Services.Time, Observer, new Destination(Connection.Services.Files, Options.Save.Folder), DeadlineToken);

    /// <summary>Uploads the face images that rows share.</summary>
    internal SharedFaceUploads FaceUploads => field ??= new SharedFaceUploads(this);

    /// <summary>Reads the requests of rows.</summary>
    internal RequestLoader RequestLoader { get; } = new(Ledger, EndToken);

    /// <summary>Does what the end of the run lets finish, however late it begins; but it does not take for ever.</summary>
    internal async Task<T> FinishAsync<T>(Func<CancellationToken, Task<T>> work)
    {
        using CancellationTokenSource over = Options.StorageClock.CreateTimeoutSource(Timeout.InfiniteTimeSpan);
        using CancellationTokenRegistration ending = EndToken.Register(() => over.CancelAfter(Options.StorageTimeout));
        return await work(over.Token).ConfigureAwait(false);
    }

    /// <summary>Gets a task that completes when the next row is written: another one may be free to be submitted then.</summary>
    internal Task RowWritten => Volatile.Read(ref _rowWritten).Task;

    /// <summary>Writes a row that was taken, as soon as there is room; false where somebody else has taken it over.</summary>
    internal async Task<bool> WriteAsync(LedgerRow row, bool release)
    {
        bool isWritten = await FinishAsync(cancel => StorageRetry.WriteAsync(() => Ledger.WriteAsync(row, release, cancel), cancel)).ConfigureAwait(false);
        Interlocked.Exchange(ref _rowWritten, NewSignal()).TrySetResult(true);
        return isWritten;
    }

    private static TaskCompletionSource<bool> NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The request of a row; null, with a warning, where the ledger was changed by hand to something invalid.</summary>
    internal async Task<Request?> TryReadRequestAsync(LedgerRow row)
    {
        try
        {
            return await RequestLoader.ReadAsync(row).ConfigureAwait(false);
        }
        catch (FaceGenException e)
        {
            Observer.LogWarning(e.Message);
            return null;
        }
    }
}
