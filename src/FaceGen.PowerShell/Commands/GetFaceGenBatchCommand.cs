using System.Management.Automation;
using FaceGen.BatchModel;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets the status of batches.</para>
/// <para type="description">Only reads the ledgers; a batch may be running. RunningSince shows since when a run works on
/// it. TotalImagesPaid and TotalDuration show what it has cost so far, and how long all runs worked; exports have
/// TotalSeconds instead of TotalDuration. TotalCost is the amount, at the price of an image that the latest run found: by
/// the account's balances before and after it. It is too high if another program used the account during the run.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenBatch", DefaultParameterSetName = "Destination")]
[OutputType(typeof(BatchSummary))]
public sealed class GetFaceGenBatchCommand : LedgerCmdlet
{
    private protected override void Read(LedgerLocation ledger) =>
        WriteObject(Work.WaitFor(Task.Run(() => BatchFactoryLoader.Factory.SummarizeAsync(ledger, StopToken))));
}
