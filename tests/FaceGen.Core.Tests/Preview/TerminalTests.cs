using FaceGen.Preview;

namespace FaceGen.Core.Tests.Preview;

public sealed class TerminalTests
{
    [Theory]
    [InlineData("", TerminalProtocol.HalfBlock)]
    [InlineData("TERM=xterm-256color", TerminalProtocol.HalfBlock)]
    [InlineData("TERM=xterm-kitty KITTY_WINDOW_ID=1", TerminalProtocol.Kitty)]
    [InlineData("TERM=xterm-256color KITTY_WINDOW_ID=1", TerminalProtocol.Kitty)]
    [InlineData("TERM=xterm-kitty SSH_TTY=/dev/pts/1", TerminalProtocol.Kitty)]
    [InlineData("TERM=xterm-ghostty", TerminalProtocol.Kitty)]
    [InlineData("TERM_PROGRAM=ghostty", TerminalProtocol.Kitty)]
    [InlineData("TERM_PROGRAM=iTerm.app", TerminalProtocol.ITerm2)]
    [InlineData("LC_TERMINAL=iTerm2", TerminalProtocol.ITerm2)]
    [InlineData("TERM_PROGRAM=WezTerm", TerminalProtocol.ITerm2)]
    [InlineData("WT_SESSION=1234", TerminalProtocol.Sixel)]
    [InlineData("TERM_PROGRAM=mintty", TerminalProtocol.Sixel)]
    [InlineData("TERM=foot", TerminalProtocol.Sixel)]
    [InlineData("TERM=foot-extra", TerminalProtocol.Sixel)]
    [InlineData("TERM=mlterm-256color", TerminalProtocol.Sixel)]
    [InlineData("TERM=xterm-sixel", TerminalProtocol.Sixel)]
    [InlineData("KONSOLE_VERSION=220401", TerminalProtocol.Sixel)]
    [InlineData("KONSOLE_VERSION=210800", TerminalProtocol.HalfBlock)]
    [InlineData("KONSOLE_VERSION=new", TerminalProtocol.HalfBlock)]
    // The terminal does not report the setting that it shows images.
    [InlineData("TERM_PROGRAM=vscode COLORTERM=truecolor", TerminalProtocol.HalfBlock)]
    [InlineData("TERM_PROGRAM=Apple_Terminal", TerminalProtocol.HalfBlock)]
    [InlineData("TERM=tmux-256color KITTY_WINDOW_ID=1", TerminalProtocol.HalfBlock)]
    [InlineData("TERM=xterm-kitty TMUX=/tmp/tmux", TerminalProtocol.HalfBlock)]
    [InlineData("TERM=screen.xterm-256color LC_TERMINAL=iTerm2", TerminalProtocol.HalfBlock)]
    [InlineData("STY=1.pts WT_SESSION=1", TerminalProtocol.HalfBlock)]
    public void Detect_auto_chooses_best_protocol(string environment, TerminalProtocol best)
    {
        Assert.Equal(best, Of(environment).Protocol);
        Assert.Equal(TerminalProtocol.Sixel, Of(environment, wanted: TerminalProtocol.Sixel).Protocol);
    }

    [Theory]
    [InlineData("COLORTERM=truecolor", false, true)]
    [InlineData("COLORTERM=24bit", false, true)]
    [InlineData("TERM=xterm-direct", false, true)]
    [InlineData("WT_SESSION=1", false, true)]
    [InlineData("", true, true)]
    [InlineData("TERM=xterm-256color", false, false)]
    [InlineData("COLORTERM=yes", false, false)]
    public void Detect_true_color_by_variables(string environment, bool isWindows, bool hasTrueColor) =>
        Assert.Equal(hasTrueColor, Of(environment, isWindows).HasTrueColor);

    private static Terminal Of(string environment, bool isWindows = false, TerminalProtocol wanted = TerminalProtocol.Auto)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        return Terminal.Detect(name => variables.GetValueOrDefault(name), isWindows, wanted);
    }
}
