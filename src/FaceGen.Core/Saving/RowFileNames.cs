using FaceGen.Contract;

namespace FaceGen.Saving;

/// <summary>
/// The names that a script has given to the rows of a batch. Each row keeps its name in a column, and so does the ledger: a later run
/// saves under the same name without the script. Rows without the column have the default names.
/// </summary>
/// <param name="isGivenNow">True if the script names the rows of this run.</param>
internal sealed class RowFileNames(bool isGivenNow) : FileNameTemplate(Default)
{
    /// <summary>The column with the name.</summary>
    internal const string Column = "facegen_name";

    /// <summary>True for the names of a script, because they may contain folders.</summary>
    internal override bool HasFolders => isGivenNow;

    /// <summary>Gets for the names of a script a length that no folder leaves room for, so that the length of each path is computed.</summary>
    internal override int MaxLength => isGivenNow ? int.MaxValue / 2 : base.MaxLength;

    /// <summary>Returns a request with a name.</summary>
    /// <exception cref="FaceGenException">The name is empty, or leads out of the folder.</exception>
    internal static Request SetName(Request request, string name)
    {
        ScriptedFileNames.Parse(name);
        var columns = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (KeyValuePair<string, string> column in request.Columns) columns[column.Key] = column.Value;
        columns[Column] = DisplayText.CleanLines(name);
        return request with { Columns = new JoinedDictionary<string>(columns) };
    }

    /// <inheritdoc/>
    internal override bool IsKnownBeforeSubmission(Request request) => request.Columns.ContainsKey(Column) || base.IsKnownBeforeSubmission(request);

    /// <inheritdoc/>
    private protected override string[] ExpandSegments(Generation generation, int index) =>
        generation.Request?.Columns.TryGetValue(Column, out string? name) == true ? ScriptedFileNames.Parse(name) : base.ExpandSegments(generation, index);
}
