using System.Management.Automation;
using FaceGen.Contract;

namespace FaceGen.PowerShell.Parameters;

/// <summary>
/// Validates that the value of a parameter is one that the API allows. PowerShell's own attributes refuse null, which here means
/// "not given".
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidateRequestFieldAttribute : ValidateArgumentsAttribute
{
    private readonly RequestField _field;

    /// <summary>Creates the attribute.</summary>
    /// <param name="name">The API's name of the field.</param>
    public ValidateRequestFieldAttribute(string name) => _field = FieldNames.Find(name) ?? throw new ArgumentException(name, nameof(name));

    /// <summary>Gets the API's name of the field.</summary>
    public string Name => _field.Name;

    /// <summary>Gets the minimum; null if the API documents none.</summary>
    public object? MinRange => _field.Minimum;

    /// <summary>Gets the maximum; null if the API documents none.</summary>
    public object? MaxRange => _field.Maximum;

    /// <summary>Gets the allowed values; empty if the API does not list them.</summary>
    public IList<string> ValidValues => [.. _field.Choices];

    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        object? value = arguments is PSObject wrapped ? wrapped.BaseObject : arguments;
        if (value is null or SwitchParameter || _field.IsAllowed(value)) return;

        FaceGenException error = _field.CreateInvalidError(value);
        throw new ValidationMetadataException($"{error.Message} Nothing was sent.", error);
    }
}
