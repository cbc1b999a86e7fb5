namespace FaceGen.Contract;

/// <summary>Represents the values of a request's fields. It never changes.</summary>
internal sealed class FieldValues : IEquatable<FieldValues>
{
    /// <summary>No field has a value.</summary>
    internal static readonly FieldValues Empty = new(new object?[RequestField.All.Count]);

    private readonly object?[] _values;

    private FieldValues(object?[] values) => _values = values;

    /// <summary>Gets the value of a field; null if it is not given.</summary>
    internal object? this[RequestField field] => _values[field.Index];

    /// <summary>Creates the values of a request.</summary>
    /// <param name="getValue">Returns the value of a field.</param>
    internal static FieldValues Create(Func<RequestField, object?> getValue)
    {
        object?[] values = new object?[RequestField.All.Count];
        for (int i = 0; i < values.Length; i++) values[i] = getValue(RequestField.All[i]);
        return new FieldValues(values);
    }

    /// <summary>Returns the values with another one for a field.</summary>
    internal FieldValues With(RequestField field, object? value)
    {
        object?[] values = [.. _values];
        values[field.Index] = value;
        return new FieldValues(values);
    }

    /// <inheritdoc/>
    public bool Equals(FieldValues? other) => other is not null && _values.SequenceEqual(other._values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FieldValues);

    /// <inheritdoc/>
    public override int GetHashCode() => _values.Aggregate(0, (hash, value) => (hash * 31) + (value?.GetHashCode() ?? 0));
}
