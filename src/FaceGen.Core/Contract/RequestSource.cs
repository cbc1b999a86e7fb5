namespace FaceGen.Contract;

/// <summary>Where a request was read: a file and the line on which it begins.</summary>
/// <param name="File">The file's full path.</param>
/// <param name="Line">The line, the file's first being 1.</param>
/// <param name="Row">The request's number in the file, the first being 1.</param>
public sealed record RequestSource(string File, int Line, int Row)
{
    /// <summary>The file's name and the line, as in <c>people.csv:7</c>.</summary>
    public override string ToString() => $"{Path.GetFileName(File)}:{Line}";
}
