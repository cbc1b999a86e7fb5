namespace FaceGen.Console.Output;

/// <summary>What the program's three standard streams lead to.</summary>
/// <param name="OutputIsTerminal">Whether the standard output is a terminal that heeds control sequences.</param>
/// <param name="ErrorIsTerminal">Whether the standard error is one.</param>
/// <param name="InputIsTerminal">Whether a person can type.</param>
/// <param name="AllowsColour">False where <c>NO_COLOR</c> is set.</param>
internal sealed record TerminalCapabilities(
    bool OutputIsTerminal, bool ErrorIsTerminal, bool InputIsTerminal, bool AllowsColour)
{
    private const int WidthOfFiles = 120;
    private const int HeightOfFiles = 50;

    /// <summary>Whether a person can be asked and sees the question.</summary>
    internal bool CanAsk => InputIsTerminal && OutputIsTerminal;

    internal bool StylesOutput => OutputIsTerminal && AllowsColour;

    internal bool StylesError => ErrorIsTerminal && AllowsColour;

    /// <summary>Whether styling text makes sense at all, on one stream or the other.</summary>
    internal bool Styled => StylesOutput || StylesError;

    /// <summary>Columns of the terminal, or a wide page's where the output goes to a file.</summary>
    internal int Width => OutputIsTerminal && System.Console.WindowWidth is > 0 and int width ? width : WidthOfFiles;

    /// <summary>Rows of the terminal, or a page's where the output goes to a file.</summary>
    internal int Height =>
        OutputIsTerminal && System.Console.WindowHeight is > 0 and int height ? height : HeightOfFiles;

    internal static TerminalCapabilities OfThisProcess()
    {
        bool sequences = OperatingSystem.IsWindows()
            ? WindowsConsole.EnableControlSequences()
            : Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

        return new TerminalCapabilities(
            OutputIsTerminal: sequences && !System.Console.IsOutputRedirected,
            ErrorIsTerminal: sequences && !System.Console.IsErrorRedirected,
            InputIsTerminal: !System.Console.IsInputRedirected,
            AllowsColour: string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")));
    }
}
