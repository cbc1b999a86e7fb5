using System.Management.Automation;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Converts a file or folder to its full path, and leaves an object with a ledger or a path of its own, such as the summary of a batch,
/// to the parameters that take these properties.
/// </summary>
internal sealed class FolderPathAttribute : ElementTransformationAttribute
{
    private static readonly string[] PathProperties = ["Ledger", "Destination", "FullName"];

    private protected override object TransformElement(object input)
    {
        if (input is null || PSObject.AsPSObject(input) is not { BaseObject: not string } item) return input!;
        if (item.BaseObject is FileSystemInfo file) return file.FullName;

        return PathProperties.All(name => item.Properties[name] is null) ? input
            // PowerShell tries the next parameter only after this inner exception.
            : throw new ArgumentTransformationMetadataException($"An object of type {item.BaseObject.GetType().Name} is not a path. Nothing was read. Pipe it into the command, or give a path.", new PSInvalidCastException());
    }
}
