using FaceGen.Batches.Ledgers;
using FaceGen.Batching;
using FaceGen.Generating;
using FaceGen.Http;

namespace FaceGen.Batches.Running;

/// <summary>What the parts of a run share.</summary>
/// <param name="Ledger">The ledger.</param>
/// <param name="Connection">The connection that submits.</param>
/// <param name="Options">How the batch is run.</param>
/// <param name="Listener">Is told what becomes of the rows.</param>
/// <param name="Abandon">Ends also what a stop lets finish.</param>
internal sealed record RunParts(
    ILedger Ledger, Connection Connection, BatchOptions Options, IBatchListener Listener, CancellationToken Abandon)
{
    internal Account Account { get; } = Account.Of(Connection);

    internal TimeProvider Time => Connection.Services.Time;

    internal DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Waits where the disk is full.</summary>
    internal DiskRoom Room { get; } = new(Connection.Services.Time, Listener);

    /// <summary>Reads the requests of rows.</summary>
    internal RowRequests Requests { get; } = new(Ledger);
}
