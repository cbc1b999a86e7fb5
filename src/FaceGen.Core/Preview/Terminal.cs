using System.Globalization;

namespace FaceGen.Preview;

/// <summary>The abilities of a terminal, by its environment variables: a query could wait for a response forever.</summary>
/// <param name="Protocol">The protocol that draws images; never Auto.</param>
internal sealed record Terminal(TerminalProtocol Protocol)
{
    /// <summary>The version of Konsole from which it draws Sixel graphics, 22.04.</summary>
    private const int KonsoleWithSixel = 220400;

    private static readonly string[] SixelTerminals = ["foot", "mlterm", "contour", "yaft", "sixel"];

    /// <summary>True if the terminal shows 24-bit colors; otherwise it shows 256 colors.</summary>
    internal bool HasTrueColor { get; init; }

    /// <summary>
    /// Gets the pixels of a character. The default is small, so that images are rather too small than cut off.
    /// </summary>
    internal (int Width, int Height) CellSize { get; init; } = (8, 16);

    /// <summary>Detects the terminal from the environment variables.</summary>
    /// <param name="getVariable">Returns a variable; null or empty if it is not set.</param>
    /// <param name="isWindows">True for a console of Windows, which sets no variable and shows all colors.</param>
    /// <param name="requested">The protocol that the user requested; Auto for the best one.</param>
    internal static Terminal Detect(Func<string, string?> getVariable, bool isWindows, TerminalProtocol requested)
    {
        string Read(string name) => getVariable(name) ?? "";
        bool IsSet(string name) => Read(name).Length > 0;

        string term = Read("TERM");
        var terminal = new Terminal(requested == TerminalProtocol.Auto ? Best() : requested)
        {
            HasTrueColor = isWindows || IsSet("WT_SESSION") || Read("COLORTERM") is "truecolor" or "24bit" || term.EndsWith("-direct", StringComparison.Ordinal),
        };
        // Windows Terminal scales Sixel graphics to the cells of the VT340.
        return IsSet("WT_SESSION") ? terminal with { CellSize = (10, 20) } : terminal;

        TerminalProtocol Best()
        {
            // A multiplexer has the variables of the terminal around it, and does not pass on its graphics.
            if (IsSet("TMUX") || IsSet("STY") || StartsWith("tmux") || StartsWith("screen")) return TerminalProtocol.HalfBlock;

            string program = Read("TERM_PROGRAM");
            // TERM and LC_TERMINAL pass through ssh; the other variables name the terminal in which ssh runs.
            if (term is "xterm-kitty" or "xterm-ghostty" || program == "ghostty" || IsSet("KITTY_WINDOW_ID")) return TerminalProtocol.Kitty;
            if (program is "iTerm.app" or "WezTerm" || Read("LC_TERMINAL") == "iTerm2") return TerminalProtocol.ITerm2;
            if (IsSet("WT_SESSION") || program == "mintty" || SixelTerminals.Any(term.Contains))
                return TerminalProtocol.Sixel;

            return int.TryParse(Read("KONSOLE_VERSION"), NumberStyles.None, CultureInfo.InvariantCulture, out int konsole) && konsole >= KonsoleWithSixel
                ? TerminalProtocol.Sixel
                : TerminalProtocol.HalfBlock;
        }

        bool StartsWith(string start) => term.StartsWith(start, StringComparison.Ordinal);
    }
}
