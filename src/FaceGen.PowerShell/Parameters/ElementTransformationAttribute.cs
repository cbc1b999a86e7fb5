using System.Collections;
using System.Management.Automation;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Base class of the attributes that convert each element of a parameter's value.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal abstract class ElementTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public sealed override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData as PSObject)?.BaseObject is IList or object[] || inputData is IList
            ? LanguagePrimitives.GetEnumerable(inputData).Cast<object>().Select(TransformElement).SelectMany(converted => converted as object[] ?? [converted]).ToArray()
            : TransformElement(inputData);

    /// <summary>Returns the converted element, an array if it gives several, or the element itself.</summary>
    private protected abstract object TransformElement(object input);
}
