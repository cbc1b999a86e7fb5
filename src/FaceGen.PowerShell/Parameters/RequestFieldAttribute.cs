using System.Management.Automation;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Reads a parameter as a field of the request: cells of a CSV are strings, an empty one means "not given", and the
/// API's limits are those of <see cref="RequestField"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class RequestFieldAttribute(string name) : ArgumentTransformationAttribute
{
    internal RequestField Field { get; } = RequestField.Find(name) ?? throw new ArgumentException(name, nameof(name));

    /// <summary>What stands for "not given" where the parameter's type has no null.</summary>
    public object? EmptyValue { get; set; }

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? raw = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        // To PowerShell a typed 3d is a decimal number, and 007 is 7: the words that were typed are still known.
        if (raw is ValueType and not bool && (Field.Choices.Count > 0 || Field.IsText) && LanguagePrimitives.TryConvertTo(inputData, out string typed)) raw = typed;
        if (raw is SwitchParameter flag) raw = flag.ToBool();
        try
        {
            return Field.Read(raw) ?? EmptyValue;
        }
        catch (FaceGenException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }
}
