using System.Management.Automation;
using FaceGen.Console.Output;
using Microsoft.Extensions.Time.Testing;

namespace FaceGen.Console.Tests.Output;

public sealed class ScreenTests : IDisposable
{
    private const string Red = "\e[31mred\e[0m";

    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    [Fact]
    public void Each_stream_keeps_colours_only_if_it_shows_them()
    {
        Screen screen = Open(outputIsTerminal: false, errorIsTerminal: true);

        screen.Write(Red);
        screen.WriteError(Red);

        Assert.Equal(("red", Red), (_output.ToString(), _error.ToString()));
    }

    [Fact]
    public void A_terminal_without_colours_still_gets_other_control_sequences()
    {
        const string Picture = "\ePq#0;2;0;0;0~~\e\\";
        Screen screen = Open(outputIsTerminal: true, errorIsTerminal: true, allowsColour: false);

        screen.Write(Red + Picture);

        Assert.Equal("red" + Picture, _output.ToString());
    }

    [Fact]
    public void Progress_gives_way_to_output_and_keeps_off_unfinished_lines()
    {
        Screen screen = Open(outputIsTerminal: true, errorIsTerminal: true);

        screen.ShowProgress(0, new ProgressRecord(1, "Generating", "one"));
        screen.Write("half a line");
        screen.ShowProgress(0, new ProgressRecord(1, "Generating", "two"));

        Assert.Equal("\rGenerating: one\e[K\r\e[Khalf a line", _output.ToString());
    }

    [Fact]
    public void Redirected_output_sees_no_progress()
    {
        Screen screen = Open(outputIsTerminal: false, errorIsTerminal: true);

        screen.ShowProgress(0, new ProgressRecord(1, "Generating", "one"));
        screen.EndProgress();

        Assert.Equal(("", ""), (_output.ToString(), _error.ToString()));
    }

    [Fact]
    public void The_column_counts_what_is_seen()
    {
        Screen screen = Open(outputIsTerminal: true, errorIsTerminal: true);

        screen.Write("first\nPS ");
        screen.Write(Red);

        Assert.Equal(6, screen.Column);
    }

    private Screen Open(bool outputIsTerminal, bool errorIsTerminal, bool allowsColour = true) =>
        new(
            _output,
            _error,
            new TerminalCapabilities(outputIsTerminal, errorIsTerminal, InputIsTerminal: false, allowsColour),
            new FakeTimeProvider());
}
