using FaceGen.Simulation.Histories;
using FaceGen.Simulation.Scheduling;

namespace FaceGen.Simulation.Workers;

/// <summary>A batch that several workers run at the same time.</summary>
/// <param name="Rows">How many rows the input has.</param>
/// <param name="Images">How many images each row asks for.</param>
/// <param name="Ledger">The implementation of the ledger.</param>
internal sealed record WorkersScenario(int Rows, int Images, LedgerKind Ledger) : Scenario(Rows, Images)
{
    /// <summary>Gets how many workers meet faults, before one without faults brings the batch to its end.</summary>
    internal int Workers { get; init; } = 2;

    /// <summary>
    /// Gets a value that is true if workers are disturbed only after a step that has changed something: a row, or what a worker
    /// or the service knows. A call of the ledger that finds nothing to do is then no occasion of its own.
    /// </summary>
    internal bool IsDisturbedAfterChanges { get; init; }

    internal override History NewHistory(Choices choices) => new WorkersHistory(this, choices);
}

/// <summary>An implementation of the ledger.</summary>
internal enum LedgerKind
{
    /// <summary>A file, for one run at a time.</summary>
    Sqlite,

    /// <summary>A schema of a real server, for any number of workers.</summary>
    Postgres,
}
