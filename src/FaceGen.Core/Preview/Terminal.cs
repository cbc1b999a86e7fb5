using System.Globalization;

namespace FaceGen.Preview;

/// <summary>What a terminal can show, by what it says in the environment: asking it could wait for an answer for ever.</summary>
/// <param name="Protocol">How pictures are drawn in it; never Auto.</param>
internal sealed record Terminal(TerminalProtocol Protocol)
{
    /// <summary>Konsole draws Sixel graphics since 22.04.</summary>
    private const int KonsoleWithSixel = 220400;

    private static readonly string[] SixelTerminals = ["foot", "mlterm", "contour", "yaft", "sixel"];

    /// <summary>Whether it shows colours of 24 bits; else those of the 256 that all share.</summary>
    internal bool HasTrueColor { get; init; }

    /// <summary>
    /// The pixels of a character. Where nobody says, small ones are taken: a picture then is smaller than it could be, and
    /// never cut off.
    /// </summary>
    internal (int Width, int Height) CellSize { get; init; } = (8, 16);

    /// <summary>Looks at the environment.</summary>
    /// <param name="getVariable">A variable; null or empty where it is not set.</param>
    /// <param name="isWindows">Whether it is a console of Windows, which says nothing and shows all colours.</param>
    /// <param name="requested">What the user wants; Auto for the best.</param>
    internal static Terminal Detect(Func<string, string?> getVariable, bool isWindows, TerminalProtocol requested)
    {
        string Read(string name) => getVariable(name) ?? "";
        bool IsSet(string name) => Read(name).Length > 0;

        string term = Read("TERM");
        var terminal = new Terminal(requested == TerminalProtocol.Auto ? Best() : requested)
        {
            HasTrueColor = isWindows || IsSet("WT_SESSION") || Read("COLORTERM") is "truecolor" or "24bit" || term.EndsWith("-direct", StringComparison.Ordinal),
        };
        // Windows Terminal says that it scales Sixel graphics as the VT340 had them.
        return IsSet("WT_SESSION") ? terminal with { CellSize = (10, 20) } : terminal;

        TerminalProtocol Best()
        {
            // What stands between has the variables of the terminal around it, and does not pass its graphics on.
            if (IsSet("TMUX") || IsSet("STY") || StartsWith("tmux") || StartsWith("screen")) return TerminalProtocol.HalfBlock;

            string program = Read("TERM_PROGRAM");
            // TERM and LC_TERMINAL get through ssh, the others name the terminal in which it runs.
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
