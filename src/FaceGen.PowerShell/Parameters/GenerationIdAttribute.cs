using System.Collections;
using System.Management.Automation;
using FaceGen.Generating;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Takes what has an id for its id: a generation, an image or a batch's item that names one, a row of a file.</summary>
internal sealed class GenerationIdAttribute : EachAttribute
{
    private protected override object Transform(object input)
    {
        object? raw = input is PSObject wrapped ? wrapped.BaseObject : input;
        object? id = raw is null or string or ValueType ? input
            : IdOf(raw, input) ?? throw new ArgumentTransformationMetadataException($"An object of the type {raw.GetType().Name} has no id of a generation.");
        return id?.ToString() is { } text && string.IsNullOrWhiteSpace(text)
            ? throw new ArgumentTransformationMetadataException("The id of a generation is not blank.")
            : id!;
    }

    private static object? IdOf(object raw, object input)
    {
        // The table's own comparison may know no other case.
        if (raw is IDictionary entries) return entries.Keys.OfType<string>().FirstOrDefault(key => key.Equals("Id", StringComparison.OrdinalIgnoreCase)) is { } key ? entries[key] : null;

        var item = PSObject.AsPSObject(input);
        // A process has an Id as well.
        bool isRow = raw is PSCustomObject && !item.TypeNames[0].StartsWith("Deserialized.System.", StringComparison.Ordinal);
        if (!isRow && raw.GetType().Assembly != typeof(Generation).Assembly) return null;

        object owner = item.Properties["Generation"]?.Value ?? item;
        return PSObject.AsPSObject(owner).Properties["Id"]?.Value;
    }
}
