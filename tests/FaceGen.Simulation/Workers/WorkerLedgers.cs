using FaceGen.Batches.Ledgers;

namespace FaceGen.Simulation.Workers;

/// <summary>The ledger of one history, as several workers open it, and what its database knows of their lives.</summary>
internal abstract class WorkerLedgers : IAsyncDisposable
{
    /// <summary>True if a ledger is open at the end of the step that opens it; false if the opener may wait for another run.</summary>
    internal abstract bool OpensInOneStep { get; }

    /// <summary>True if several workers can have the ledger open; false if the next one begins when something happens to the one before it.</summary>
    internal abstract bool IsShared { get; }

    /// <summary>Has an empty ledger.</summary>
    internal abstract Task BeginAsync();

    internal abstract Task<ILedger> OpenAsync(Worker worker, CancellationToken cancellationToken);

    /// <summary>Opens the ledger to read it, when no worker has it open.</summary>
    internal abstract Task<ILedger> OpenToReadAsync();

    internal abstract Task<WorkerRow[]> ReadRowsAsync();

    /// <summary>The process of a worker is gone.</summary>
    internal abstract Task OnKilledAsync(Worker worker);

    /// <summary>A worker is silent, for a time for which it is not taken for dead.</summary>
    internal virtual Task OnSilentAsync(Worker worker) => Task.CompletedTask;

    /// <summary>A worker is taken for dead from now on.</summary>
    internal abstract Task OnLapsedAsync(Worker worker);

    /// <summary>A worker gives a sign of life.</summary>
    internal virtual Task OnHeartbeatAsync(Worker worker) => Task.CompletedTask;

    /// <summary>Returns true if a worker may take what another one holds.</summary>
    internal abstract bool IsDeadFor(Worker worker, Worker other);

    public abstract ValueTask DisposeAsync();
}
