using FaceGen.Batches.Ledgers;

namespace FaceGen.Simulation.Workers;

/// <summary>The ledger of one history, which several workers open, and the state of the workers in its database.</summary>
internal abstract class WorkerLedgers : IAsyncDisposable
{
    /// <summary>True if a ledger is open at the end of the step that opens it; false if the opener may wait for another run.</summary>
    internal abstract bool OpensInOneStep { get; }

    /// <summary>True if several workers can have the ledger open; false if the next one begins when something happens to the one before it.</summary>
    internal abstract bool IsShared { get; }

    /// <summary>Prepares an empty ledger.</summary>
    internal abstract Task BeginAsync();

    internal abstract Task<ILedger> OpenAsync(Worker worker, CancellationToken cancellationToken);

    /// <summary>Opens the ledger to read it, when no worker has it open.</summary>
    internal abstract Task<ILedger> OpenToReadAsync();

    internal abstract Task<WorkerRow[]> ReadRowsAsync();

    /// <summary>The process of a worker was killed.</summary>
    internal abstract Task OnKilledAsync(Worker worker);

    /// <summary>A worker is silent, not long enough to be declared dead.</summary>
    internal virtual Task OnSilentAsync(Worker worker) => Task.CompletedTask;

    /// <summary>The others declare a worker dead.</summary>
    internal abstract Task OnLapsedAsync(Worker worker);

    /// <summary>A worker sends a heartbeat.</summary>
    internal virtual Task OnHeartbeatAsync(Worker worker) => Task.CompletedTask;

    /// <summary>True if a worker may claim the rows of another one.</summary>
    internal abstract bool IsDeadFor(Worker worker, Worker other);

    public abstract ValueTask DisposeAsync();
}
