namespace FaceGen.Console.Input;

/// <summary>How the typing of a line ended.</summary>
internal enum LineEnd
{
    /// <summary>With Enter.</summary>
    Entered,

    /// <summary>With Ctrl+C: the line is not wanted any more.</summary>
    Cancelled,

    /// <summary>With Ctrl+D on an empty line, or the end of piped input.</summary>
    EndOfInput,
}
