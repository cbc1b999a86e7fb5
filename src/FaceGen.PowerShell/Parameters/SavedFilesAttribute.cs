using System.Management.Automation;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Takes a batch's row, or what a file or a job kept of one, for the files of its images.</summary>
internal sealed class SavedFilesAttribute : ElementTransformationAttribute
{
    private protected override object TransformElement(object input)
    {
        if (input is null || PSObject.AsPSObject(input) is not { } item
            || !(item.BaseObject is BatchItem || item.TypeNames.Contains($"Deserialized.{typeof(BatchItem).FullName}"))) return input!;

        // A saved image, and what is kept of one, is its path as text.
        string[] files = [.. LanguagePrimitives.GetEnumerable(item.Properties["Files"]?.Value)?.Cast<object>().Select(file => file.ToString()!) ?? []];
        return files.Length > 0 ? files : throw new ArgumentTransformationMetadataException($"There is no image of the row '{item}'.");
    }
}
