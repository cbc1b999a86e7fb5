using System.Collections.ObjectModel;

namespace FaceGen;

/// <summary>A read-only list whose text is the texts of its items: Export-Csv writes the text of a property.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
public sealed class JoinedList<T> : ReadOnlyCollection<T>
{
    internal JoinedList(params T[] items)
        : base(items)
    {
    }

    /// <summary>Returns the texts of the items, separated by semicolons.</summary>
    public override string ToString() => string.Join("; ", this);
}
