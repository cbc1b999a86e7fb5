namespace FaceGen.Contract;

/// <summary>Represents the values of fields that a command gives for every row that it reads.</summary>
/// <param name="values">The values by field, converted or not.</param>
/// <param name="additionalFields">The additional fields.</param>
internal sealed class CommandValues(IReadOnlyDictionary<RequestField, object?> values, IReadOnlyDictionary<string, object?> additionalFields)
{
    /// <summary>No values.</summary>
    internal static readonly CommandValues None = new(new Dictionary<RequestField, object?>(), RequestData.None<object?>());

    /// <summary>Gets the value of a field; null if the command does not give it.</summary>
    internal object? this[RequestField field] => values.TryGetValue(field, out object? value) ? value : null;

    /// <summary>Gets the additional fields.</summary>
    internal IReadOnlyDictionary<string, object?> AdditionalFields => additionalFields;

    /// <summary>Returns these values with other ones for some fields.</summary>
    internal CommandValues With(IReadOnlyList<(RequestField Field, object? Value)> others)
    {
        if (others.Count == 0) return this;

        var all = values.ToDictionary(pair => pair.Key, pair => pair.Value);
        foreach ((RequestField field, object? value) in others) all[field] = value;
        return new CommandValues(all, additionalFields);
    }
}
