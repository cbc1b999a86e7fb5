using System.Collections;
using System.Management.Automation;
using System.Runtime.CompilerServices;
using FaceGen.Http;

namespace FaceGen.PowerShell.Parameters;

/// <summary>Takes what has an id for its id: a generation, an image or a batch's item that names one, a row of a file.</summary>
internal sealed class GenerationIdAttribute : ElementTransformationAttribute
{
    /// <summary>
    /// The generations that ids were taken from, by the text that the parameter holds: PowerShell binds ids as texts, and an id
    /// means something only together with its account.
    /// </summary>
    private static readonly ConditionalWeakTable<string, Generation> GenerationsByBoundId = new();

    /// <summary>Returns the generation that a bound id was taken from; one of the id alone where it was typed.</summary>
    internal static Generation FindGeneration(string id) => GenerationsByBoundId.TryGetValue(id, out Generation? owner) ? owner : new Generation { Id = id };

    private protected override object TransformElement(object input)
    {
        object? raw = input is PSObject wrapped ? wrapped.BaseObject : input;
        object? id = raw is null or string or ValueType ? input
            : GetId(raw, input) ?? throw new ArgumentTransformationMetadataException($"An object of the type {raw.GetType().Name} has no id of a generation.");
        return id?.ToString() is { } text && string.IsNullOrWhiteSpace(text)
            ? throw new ArgumentTransformationMetadataException("The id of a generation is not blank.")
            : AttachGeneration(id!, input);
    }

    private static object AttachGeneration(object id, object input)
    {
        if (id is null || ReferenceEquals(id, input)) return id!;

        object owner = input is PSObject wrapped ? wrapped.BaseObject : input;
        // Each binding has a text of its own: the same id may come from two accounts.
        string text = new([.. id.ToString()!]);
        Generation? generation = owner switch
        {
            Generation itself => itself,
            SavedImage image => image.Generation,
            BatchItem item => item.Generation,
            _ => GetAccount(PSObject.AsPSObject(input)) is { } account ? new Generation { Id = text, Account = account } : null,
        };
        if (generation is not null) GenerationsByBoundId.Add(text, generation);
        return text;
    }

    /// <summary>Returns the account that a deserialized object, or a row of a file, names.</summary>
    private static string? GetAccount(PSObject deserialized) => AccountIdentifier.TryParse(deserialized.BaseObject is IDictionary entries
        ? GetEntry(entries, "Account") as string
        : deserialized.Properties["Account"]?.Value?.ToString() ?? (deserialized.Properties["Generation"]?.Value as PSObject)?.Properties["Account"]?.Value?.ToString());

    /// <summary>Returns the value of a name in any case; the table itself may compare names by case.</summary>
    private static object? GetEntry(IDictionary entries, string name) =>
        entries.Keys.OfType<string>().FirstOrDefault(key => key.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } key ? entries[key] : null;

    private static object? GetId(object raw, object input)
    {
        if (raw is IDictionary entries) return GetEntry(entries, "Id");

        var item = PSObject.AsPSObject(input);
        // A process has an Id as well.
        bool isRow = raw is PSCustomObject && !item.TypeNames[0].StartsWith("Deserialized.System.", StringComparison.Ordinal);
        if (!isRow && raw.GetType().Assembly != typeof(Generation).Assembly) return null;

        object owner = item.Properties["Generation"]?.Value ?? item;
        return PSObject.AsPSObject(owner).Properties["Id"]?.Value;
    }
}
