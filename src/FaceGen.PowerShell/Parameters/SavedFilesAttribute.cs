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
        return all.Any(one => ItemOf(one) is not null) ? all.SelectMany(FilesOf).ToArray() : inputData;
    }

    private static BatchItem? ItemOf(object? one) => (one is PSObject wrapped ? wrapped.BaseObject : one) as BatchItem;

    private static IEnumerable<object> FilesOf(object one) => ItemOf(one) switch
    {
        null => [one],
        { Files.Count: 0 } item => throw new ArgumentTransformationMetadataException($"There is no image of the row '{item}'."),
        var item => item.Files.Select(file => file.FullName),
    };
}
