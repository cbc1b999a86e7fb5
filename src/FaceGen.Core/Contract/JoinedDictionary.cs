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

    /// <summary>Returns the names and values, separated by semicolons: <c>sam=jdoe; department=sales</c>.</summary>
    public override string ToString() => string.Join("; ", this.Select(entry => $"{entry.Key}={RequestData.Format(entry.Value)}"));
}
