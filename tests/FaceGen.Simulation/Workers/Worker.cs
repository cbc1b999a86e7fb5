using FaceGen.Batches.Ledgers;
using FaceGen.Simulation.Disk;
using FaceGen.Simulation.Histories;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation.Workers;

/// <summary>One of several processes that run the batch at the same time.</summary>
internal sealed class Worker : SimulatedProcess
{
    private readonly WorkerLedgers _ledgers;
    private readonly WorkerRules _rules;

    internal Worker(History history, SimulatedDisk disk, WorkerLedgers ledgers, WorkerRules rules, string name, bool isFirst)
        : base(history, disk, isFirst)
    {
        (_ledgers, _rules, Name) = (ledgers, rules, name);
        Run = Task.Run(RunAsync);
    }

    /// <summary>Gets the name in a history.</summary>
    internal string Name { get; }

    internal Task<BatchSummary> Run { get; }

    /// <summary>Gets or sets the number under which the ledger knows the worker; 0 before it has opened the ledger.</summary>
    internal long Number { get; set; }

    /// <summary>Gets or sets when the process was frozen, in elapsed time; null if it runs.</summary>
    internal TimeSpan? FrozenAt { get; set; }

    /// <summary>Gets or sets a value that is true while the others treat the live worker as dead.</summary>
    internal bool IsLapsed { get; set; }

    /// <summary>Gets or sets a value that is true once the others have declared the worker dead.</summary>
    internal bool HasLapsed { get; set; }

    /// <summary>True once the process was killed.</summary>
    internal bool IsKilled { get; private set; }

    /// <summary>Gets or sets a value that is true once the run has ended by itself.</summary>
    internal bool IsEnded { get; set; }

    /// <summary>Gets or sets a value that is true once the worker has closed the ledger.</summary>
    internal bool IsClosed { get; set; }

    internal bool IsAlive => !IsKilled && !IsEnded;

    internal bool CanRun => IsAlive && FrozenAt is null;

    /// <summary>Ends the process at once. Its ledger stays open, unused, until the history ends.</summary>
    internal void Kill()
    {
        IsKilled = true;
        Halt();
    }

    public override string ToString() => Name;

    private protected override async Task<ILedger> OpenLedgerAsync(CancellationToken cancellationToken)
    {
        var opened = new TaskCompletionSource<Task<ILedger>>(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(new Step("ledger: open", async () =>
        {
            Task<ILedger> opening = _ledgers.OpenAsync(this, cancellationToken);
            if (_ledgers.OpensInOneStep) await Task.WhenAny(opening);
            opened.SetResult(opening);
        }));
        return new CheckedLedger(await await opened.Task, this, _rules);
    }
}
