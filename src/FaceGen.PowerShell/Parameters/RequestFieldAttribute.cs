using System.Management.Automation;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Converts and validates a parameter as a <see cref="RequestField"/>. Cells of a CSV are strings, and an empty one means
/// "not given".
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class RequestFieldAttribute(string name) : ArgumentTransformationAttribute
{
    internal RequestField Field { get; } = RequestField.Find(name) ?? throw new ArgumentException(name, nameof(name));

    /// <summary>Gets or sets the value for "not given" if the parameter's type has no null.</summary>
    public object? EmptyValue { get; set; }

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? raw = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        // PowerShell parses a typed 3d as a number and 007 as 7, but keeps the typed text.
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
