using System.Management.Automation;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Converts a batch item to the paths of its images.</summary>
internal sealed class SavedFilesAttribute : ElementTransformationAttribute
{
    private protected override object TransformElement(object input)
    {
        if (input is null || PSObject.AsPSObject(input) is not { } item
            || !(item.BaseObject is BatchItem || item.TypeNames.Contains($"Deserialized.{typeof(BatchItem).FullName}"))) return input!;

        // A saved image, deserialized or not, is its path as text.
        string[] files = [.. LanguagePrimitives.GetEnumerable(item.Properties["Files"]?.Value)?.Cast<object>().Select(file => file.ToString()!) ?? []];
        return files.Length > 0 ? files : throw new ArgumentTransformationMetadataException($"The row '{item}' has no saved image, so none is shown. Give a row whose Files are not empty.");
    }
}
