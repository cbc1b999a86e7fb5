using FaceGen.Contract;
using System.Diagnostics.CodeAnalysis;

namespace FaceGen;

/// <summary>Where a request was read: a file and the line on which it begins, or an input of the pipeline.</summary>
/// <param name="File">The file's full path; empty for an input of the pipeline.</param>
/// <param name="Line">The line, the file's first being 1; 0 for an input of the pipeline.</param>
/// <param name="Row">The request's number in the file or pipeline, the first being 1.</param>
[SuppressMessage("Design", "CA1036", Justification = "They are sorted; no code compares two with an operator.")]
public sealed record RequestSource(string File, int Line, int Row) : IComparable
{
    /// <summary>Compares by file, then in the order of the file or the pipeline, so that <c>Sort-Object Source</c> gives the input's.</summary>
    public int CompareTo(object? obj)
    {
        if (obj is not RequestSource other) return 1;

        int byFile = string.CompareOrdinal(File, other.File);
        return byFile != 0 ? byFile : Row.CompareTo(other.Row);
    }

    /// <summary>The file's name and the line, as in <c>people.csv:7</c>, or the input, as in <c>Input 7</c>.</summary>
    public override string ToString() => File.Length == 0 ? $"Input {Row}" : $"{DisplayText.GetFileName(File)}:{Line}";
}
