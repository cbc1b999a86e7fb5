using System.Collections;
using System.Management.Automation;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Takes each thing that a parameter is given for something else, one by one.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal abstract class ElementTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public sealed override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData as PSObject)?.BaseObject is IList or object[] || inputData is IList
            ? LanguagePrimitives.GetEnumerable(inputData).Cast<object>().Select(TransformElement).SelectMany(taken => taken as object[] ?? [taken]).ToArray()
            : TransformElement(inputData);

    /// <summary>What one thing is taken for, be it several; itself where it is nothing special.</summary>
    private protected abstract object TransformElement(object input);
}
