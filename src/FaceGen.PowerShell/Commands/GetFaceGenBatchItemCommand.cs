using System.Management.Automation;
using FaceGen.BatchModel;
using FaceGen.PowerShell.Loading;
using FaceGen.PowerShell.Pipeline;

namespace FaceGen.PowerShell.Commands;

/// <summary>
/// <para type="synopsis">Gets the rows of batches, as their ledgers know them.</para>
/// <para type="description">Reads the ledgers and nothing else; a batch may be running meanwhile. Rows can be piped into
/// New-FaceGenImage and Save-FaceGenOutput: what becomes of them there is not entered in the ledger.</para>
/// </summary>
[Cmdlet(VerbsCommon.Get, "FaceGenBatchItem", DefaultParameterSetName = "Destination")]
[OutputType(typeof(BatchItem))]
public sealed class GetFaceGenBatchItemCommand : LedgerCmdlet
{
    /// <summary><para type="description">Which rows, by how far they are; all unless given.</para></summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public BatchItemStatus[] Status { get; set; } = [];

    private protected override void Read(LedgerLocation ledger)
    {
        IEnumerable<BatchItem> items = BatchFactoryLoader.Factory.ReadItems(ledger, Status, error => Post(() => ReportError(error, null)), StopToken);
        foreach (BatchItem item in ReadAhead(items)) WriteObject(item);
    }
}
