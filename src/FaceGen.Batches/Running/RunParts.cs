using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Contract;
using FaceGen.Generating;
using FaceGen.Http;
using FaceGen.Saving;

namespace FaceGen.Batches.Running;

/// <summary>What the parts of a run share.</summary>
/// <param name="Ledger">The ledger.</param>
/// <param name="Connection">The connection that submits.</param>
/// <param name="Options">How the batch is run.</param>
/// <param name="Listener">Is told what becomes of the rows.</param>
/// <param name="End">The run is to end: by a stop, the time limit, or the connection's end.</param>
/// <param name="TimeIsOver">The time limit is over: no row waits for storage any more.</param>
internal sealed record RunParts(
    ILedger Ledger, Connection Connection, BatchOptions Options, IBatchListener Listener, CancellationToken End, CancellationToken TimeIsOver = default)
{
    private TaskCompletionSource<bool> _written = NewSignal();

    internal Account Account { get; } = Account.Of(Connection);

    internal TimeProvider Time => Connection.Services.Time;

    internal DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Keep the run from submitting more.</summary>
    internal Brakes Brakes { get; } = new(Connection, Options, Listener);

    /// <summary>Waits where the disk is full or cannot be written.</summary>
    internal DiskRoom Room { get; } = new(
        Connection.Services.Time, Listener, new Destination(Connection.Services.Files, Options.Save.Folder), TimeIsOver);

    /// <summary>Uploads the face images that rows share.</summary>
    internal RowFaces Faces => field ??= new RowFaces(this);

    /// <summary>Reads the requests of rows.</summary>
    internal RowRequests Requests { get; } = new(Ledger, End);

    /// <summary>Does what the end of the run lets finish, however late it begins; but it does not take for ever.</summary>
    internal async Task<T> FinishAsync<T>(Func<CancellationToken, Task<T>> work)
    {
        using CancellationTokenSource over = Options.DiskTime.Timer(Timeout.InfiniteTimeSpan);
        using CancellationTokenRegistration ending = End.Register(() => over.CancelAfter(Options.LongestWait));
        return await work(over.Token).ConfigureAwait(false);
    }

    /// <summary>Gets a task that completes when the next row is written: another one may be free to be submitted then.</summary>
    internal Task Written => Volatile.Read(ref _written).Task;

    /// <summary>Writes a row that was taken, as soon as there is room; false where somebody else has taken it over.</summary>
    internal async Task<bool> WriteAsync(LedgerRow row, bool release)
    {
        bool isWritten = await FinishAsync(cancel => Room.WriteAsync(() => Ledger.WriteAsync(row, release, cancel), cancel)).ConfigureAwait(false);
        Interlocked.Exchange(ref _written, NewSignal()).TrySetResult(true);
        return isWritten;
    }

    private static TaskCompletionSource<bool> NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The request of a row; null, with a warning, where the ledger was changed by hand to something invalid.</summary>
    internal async Task<Request?> TryReadAsync(LedgerRow row)
    {
        try
        {
            return await Requests.ReadAsync(row).ConfigureAwait(false);
        }
        catch (FaceGenException e)
        {
            Listener.Warn(e.Message);
            return null;
        }
    }
}
