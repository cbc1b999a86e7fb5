using System.Management.Automation;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Converts the value of a parameter that is a field of a request, such as a cell of a CSV, where an empty text means "not given".
/// <see cref="ValidateRequestFieldAttribute"/> checks the API's range.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class RequestFieldAttribute(string name) : ArgumentTransformationAttribute
{
    private readonly RequestField _field = FieldNames.Find(name) ?? throw new ArgumentException(name, nameof(name));

    /// <summary>Gets or sets the value for "not given" if the parameter's type has no null.</summary>
    public object? EmptyValue { get; set; }

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? raw = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        // PowerShell parses a typed 3d as a number and 007 as 7, but keeps the typed text.
        if (raw is ValueType and not bool && (_field.Choices.Count > 0 || _field.Kind is FieldKind.Text or FieldKind.Identifier) && LanguagePrimitives.TryConvertTo(inputData, out string typed)) raw = typed;
        if (raw is SwitchParameter flag) raw = flag.ToBool();
        if (ScriptBlockArgument.TryHold(_field, raw)) return EmptyValue;
        try
        {
            return _field.Convert(raw) ?? EmptyValue;
        }
        catch (FaceGenException e)
        {
            throw new ArgumentTransformationMetadataException($"{e.Message} Nothing was sent.", e);
        }
    }
}
