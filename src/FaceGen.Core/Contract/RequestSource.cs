using System.Diagnostics.CodeAnalysis;
using FaceGen.Contract;

namespace FaceGen;

/// <summary>Represents where a request was read: a file and the line where it starts, or the pipeline.</summary>
/// <param name="File">The file's full path; empty for the pipeline.</param>
/// <param name="Line">The line, starting at 1; 0 for the pipeline.</param>
/// <param name="Row">The number of the request in the file or pipeline, starting at 1.</param>
[SuppressMessage("Design", "CA1036", Justification = "Sources are sorted; no code compares them with operators.")]
public sealed record RequestSource(string File, int Line, int Row) : IComparable
{
    /// <summary>Compares by file, then by row, so that <c>Sort-Object Source</c> restores the order of the input.</summary>
    public int CompareTo(object? obj)
    {
        if (obj is not RequestSource other) return 1;

        int byFile = string.CompareOrdinal(File, other.File);
        return byFile != 0 ? byFile : Row.CompareTo(other.Row);
    }

    /// <summary>Returns the file's name and the line, such as <c>people.csv:7</c>, or the pipeline input, such as <c>Input 7</c>.</summary>
    public override string ToString() => File.Length == 0 ? $"Input {Row}" : $"{DisplayText.GetFileName(File)}:{Line}";
}
