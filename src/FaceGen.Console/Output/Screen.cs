using System.Management.Automation;

namespace FaceGen.Console.Output;

/// <summary>
/// The two output streams and the progress line below them, kept from writing over each other. Colours are removed
/// where a stream does not show them.
/// </summary>
internal sealed class Screen
{
    private readonly Lock _gate = new();
    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly ProgressLine? _progress;
    private int _column;

    internal Screen(TextWriter output, TextWriter error, TerminalCapabilities terminal, TimeProvider time)
    {
        _output = output;
        _error = error;
        Terminal = terminal;
        if (terminal.OutputIsTerminal)
            _progress = new ProgressLine(output, () => terminal.Width, time);
    }

    internal TerminalCapabilities Terminal { get; }

    /// <summary>The terminal's column, from 0, at which the next text begins.</summary>
    internal int Column
    {
        get
        {
            lock (_gate)
                return _column % Terminal.Width;
        }
    }

    /// <summary>Writes to the standard output.</summary>
    internal void Write(string text) => Write(_output, text, Terminal.OutputIsTerminal, Terminal.StylesOutput);

    /// <summary>Writes to the standard error.</summary>
    internal void WriteError(string text) => Write(_error, text, Terminal.ErrorIsTerminal, Terminal.StylesError);

    /// <summary>Shows how far the work is; does nothing unless the standard output is a terminal.</summary>
    internal void ShowProgress(long source, ProgressRecord record)
    {
        lock (_gate)
        {
            // In the middle of a line the drawing would overwrite the line's beginning.
            if (_column == 0)
                _progress?.Show(source, record);
        }
    }

    internal void EndProgress()
    {
        lock (_gate)
            _progress?.Hide();
    }

    private void Write(TextWriter writer, string text, bool isTerminal, bool isStyled)
    {
        lock (_gate)
        {
            _progress?.Hide();
            writer.Write(isStyled ? text : TextStyle.Plain(text));
            if (isTerminal)
                _column = ColumnAfter(TextStyle.Plain(text));
        }
    }

    private int ColumnAfter(string text)
    {
        int lineStart = text.AsSpan().LastIndexOfAny('\n', '\r') + 1;
        return (lineStart == 0 ? _column : 0) + CellWidth.Of(text.AsSpan(lineStart));
    }
}
