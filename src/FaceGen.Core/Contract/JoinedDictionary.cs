using System.Collections.ObjectModel;
using FaceGen.Contract;

namespace FaceGen;

/// <summary>A read-only dictionary whose text is its names and values: Export-Csv writes the text of a property.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
public sealed class JoinedDictionary<T> : ReadOnlyDictionary<string, T>
{
    internal JoinedDictionary(IDictionary<string, T> entries)
        : base(entries)
    {
    }

    /// <summary>
    /// Returns the names and values as JSON, <c>{"sam":"jdoe"}</c>, which a request file can contain in a cell; an empty text without
    /// entries.
    /// </summary>
    public override string ToString() => Count == 0 ? "" : RequestData.Format(this.ToDictionary(entry => entry.Key, entry => (object?)entry.Value));
}
