using System.Management.Automation;
using FaceGen.BatchModel;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets the rows of batches from their ledgers.</para>
/// <para type="description">Only reads the ledgers; a batch may be running. Rows can be piped into New-FaceGenImage and
/// Save-FaceGenOutput; the ledger does not record the results of these commands.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenBatchItem", DefaultParameterSetName = "Destination")]
[OutputType(typeof(BatchItem))]
public sealed class GetFaceGenBatchItemCommand : LedgerCmdlet
{
    /// <summary><para type="description">The statuses of the rows to get. The default is all rows.</para></summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public BatchItemStatus[] Status { get; set; } = [];

    private protected override void Read(LedgerLocation ledger)
    {
        IEnumerable<BatchItem> items = BatchFactoryLoader.Factory.ReadItems(ledger, Status, error => Work.Post(() => ReportError(error, null)), StopToken);
        foreach (BatchItem item in Work.ReadAhead(items)) BatchItemOutput.Write(this, item);
    }
}
