using System.Management.Automation;
using FaceGen.Batching;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Takes a batch's row for the files of its images.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SavedFilesAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object[] all = inputData is PSObject { BaseObject: object[] several } ? several : inputData as object[] ?? [inputData];
        return all.Any(IsItem) ? all.SelectMany(FilesOf).ToArray() : inputData;
    }

    /// <summary>Whether it is a row, or what a file or a job kept of one.</summary>
    private static bool IsItem(object? one) => one is not null && PSObject.AsPSObject(one) is var item
        && (item.BaseObject is BatchItem || item.TypeNames.Contains($"Deserialized.{typeof(BatchItem).FullName}"));

    private static IEnumerable<object> FilesOf(object one)
    {
        if (!IsItem(one)) return [one];

        // A saved image, and what is kept of one, is its path as text.
        object?[] files = [.. LanguagePrimitives.GetEnumerable(PSObject.AsPSObject(one).Properties["Files"]?.Value)?.Cast<object>() ?? []];
        return files.Length > 0 ? files.Select(file => file!.ToString()!)
            : throw new ArgumentTransformationMetadataException($"There is no image of the row '{one}'.");
    }
}
