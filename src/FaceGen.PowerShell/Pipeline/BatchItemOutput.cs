using System.Management.Automation;

namespace FaceGen.PowerShell.Pipeline;

/// <summary>Emits the rows of a batch.</summary>
internal static class BatchItemOutput
{
    /// <summary>
    /// The type name of a row with an error: the table shows the error instead of the prompt. PowerShell selects the entry of a table by
    /// a type name, and not by a condition.
    /// </summary>
    private const string ErrorTypeName = "FaceGen.BatchItem#Error";

    /// <summary>Emits a row.</summary>
    internal static void Write(Cmdlet cmdlet, BatchItem item)
    {
        var output = PSObject.AsPSObject(item);
        if (item.Error is not null) output.TypeNames.Insert(0, ErrorTypeName);
        cmdlet.WriteObject(output);
    }
}
