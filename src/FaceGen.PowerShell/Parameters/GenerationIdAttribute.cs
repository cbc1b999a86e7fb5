using System.Collections;
using System.Management.Automation;
using System.Runtime.CompilerServices;
using FaceGen.Http;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Converts an object to its generation id: a generation, a saved image, a batch item or a row of a file.</summary>
internal sealed class GenerationIdAttribute : ElementTransformationAttribute
{
    /// <summary>
    /// The generations by the id string that PowerShell has bound: an id is unique only together with its account.
    /// </summary>
    private static readonly ConditionalWeakTable<string, Generation> GenerationsByBoundId = new();

    /// <summary>Returns the generation of a bound id. A typed id gives a generation with only the id.</summary>
    internal static Generation FindGeneration(string id) => GenerationsByBoundId.TryGetValue(id, out Generation? owner) ? owner : new Generation { Id = id };

    /// <summary>Returns the error of an object without a generation.</summary>
    internal static ArgumentTransformationMetadataException CreateNoIdError(string type) =>
        new($"An object of type {type} has no generation id. Nothing was sent. Give an id, a generation, a saved image or a batch item.");

    private protected override object TransformElement(object input)
    {
        object? raw = input is PSObject wrapped ? wrapped.BaseObject : input;
        object? id = raw is null or string or ValueType ? input
            : GetId(raw, input) ?? throw CreateNoIdError(raw.GetType().Name);
        return id?.ToString() is { } text && string.IsNullOrWhiteSpace(text)
            ? throw new ArgumentTransformationMetadataException("The generation id is blank. Nothing was sent. Give an id, a generation, a saved image or a batch item.")
            : AttachGeneration(id!, input);
    }

    private static object AttachGeneration(object id, object input)
    {
        if (id is null || ReferenceEquals(id, input)) return id!;

        object owner = input is PSObject wrapped ? wrapped.BaseObject : input;
        // Each binding has its own string: the same id may come from two accounts.
        string text = new([.. id.ToString()!]);
        Generation? generation = owner switch
        {
            Generation itself => itself,
            SavedImage image => image.Generation,
            BatchItem item => item.Generation,
            _ when DeserializedAttribute.FindGeneration(input) is { } deserialized => deserialized with { Id = text },
            _ => GetAccount(PSObject.AsPSObject(input)) is { } account ? new Generation { Id = text, Account = account } : null,
        };
        if (generation is not null) GenerationsByBoundId.Add(text, generation);
        return text;
    }

    /// <summary>Returns the account of a deserialized object or a row.</summary>
    private static string? GetAccount(PSObject deserialized) => AccountIdentifier.TryParse(deserialized.BaseObject is IDictionary entries
        ? GetEntry(entries, "Account") as string
        : deserialized.Properties["Account"]?.Value?.ToString() ?? (deserialized.Properties["Generation"]?.Value as PSObject)?.Properties["Account"]?.Value?.ToString());

    /// <summary>Returns the value of a name in any case.</summary>
    private static object? GetEntry(IDictionary entries, string name) =>
        entries.Keys.OfType<string>().FirstOrDefault(key => key.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } key ? entries[key] : null;

    private static object? GetId(object raw, object input)
    {
        if (raw is IDictionary entries) return GetEntry(entries, "Id");

        var item = PSObject.AsPSObject(input);
        // A deserialized process has an Id, too.
        bool isRow = raw is PSCustomObject && !item.TypeNames[0].StartsWith("Deserialized.System.", StringComparison.Ordinal);
        if (!isRow && raw.GetType().Assembly != typeof(Generation).Assembly) return null;

        object owner = item.Properties["Generation"]?.Value ?? item;
        return PSObject.AsPSObject(owner).Properties["Id"]?.Value;
    }
}
