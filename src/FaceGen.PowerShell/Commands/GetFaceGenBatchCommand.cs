using System.Management.Automation;
using FaceGen.BatchModel;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Tells how batches stand.</para>
/// <para type="description">Reads the ledgers and nothing else; a batch may be running meanwhile.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenBatch", DefaultParameterSetName = "Destination")]
[OutputType(typeof(BatchSummary))]
public sealed class GetFaceGenBatchCommand : LedgerCmdlet
{
    private protected override void Read(LedgerLocation ledger) =>
        WriteObject(WaitFor(Task.Run(() => BatchFactoryLoader.Factory.SummarizeAsync(ledger, StopToken))));
}
