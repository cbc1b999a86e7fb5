using System.Management.Automation;
using FaceGen.BatchModel;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets the status of batches.</para>
/// <para type="description">Only reads the ledgers; a batch may be running.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenBatch", DefaultParameterSetName = "Destination")]
[OutputType(typeof(BatchSummary))]
public sealed class GetFaceGenBatchCommand : LedgerCmdlet
{
    private protected override void Read(LedgerLocation ledger) =>
        WriteObject(Work.WaitFor(Task.Run(() => BatchFactoryLoader.Factory.SummarizeAsync(ledger, StopToken))));
}
