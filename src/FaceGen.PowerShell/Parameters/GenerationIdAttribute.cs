using System.Management.Automation;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Takes what has an id for its id: a generation, an image or a batch's item that names one, a row of a file.</summary>
internal sealed class GenerationIdAttribute : EachAttribute
{
    private protected override object Transform(object input)
    {
        if (input is null || PSObject.AsPSObject(input) is not { BaseObject: not (string or ValueType) } item) return input!;

        object owner = item.Properties["Generation"]?.Value ?? item;
        return PSObject.AsPSObject(owner).Properties["Id"]?.Value ?? input;
    }
}
