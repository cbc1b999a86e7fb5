using System.Globalization;
using System.Management.Automation;
using FaceGen.Console.Output;

namespace FaceGen.Console.Input;

/// <summary>Lets a person type and edit one line at the place where the screen's last text ended.</summary>
/// <param name="screen">The screen, which must be a terminal.</param>
/// <param name="history">The lines that the up and down keys go through; null for none.</param>
/// <param name="complete">What the Tab key completes with, given text and cursor; null for nothing.</param>
internal sealed class LineEditor(
    Screen screen, LineHistory? history = null, Func<string, int, CommandCompletion>? complete = null)
{
    private LineBuffer _buffer = new();
    private Completion? _completion;
    private int _origin;
    private int _cursorRow;

    /// <summary>Waits for a line.</summary>
    /// <param name="mask">Shown in place of every character, for secrets; null shows the characters.</param>
    internal TypedLine Read(char? mask = null)
    {
        _buffer = new LineBuffer();
        _completion = null;
        _origin = screen.Column;
        _cursorRow = 0;

        // While a person types, Ctrl+C is a key like others: it gives up the line.
        System.Console.TreatControlCAsInput = true;
        try
        {
            return ReadKeys(mask);
        }
        finally
        {
            System.Console.TreatControlCAsInput = false;
        }
    }

    private TypedLine ReadKeys(char? mask)
    {
        while (true)
        {
            ConsoleKeyInfo key = System.Console.ReadKey(intercept: true);
            if (EndOf(key) is { } end)
            {
                _buffer.End();
                Draw(mask);
                screen.Write(end == LineEnd.Cancelled ? "^C\n" : "\n");
                if (end == LineEnd.Entered)
                    history?.Add(_buffer.Text);
                return new TypedLine(end == LineEnd.Entered ? _buffer.Text : "", end);
            }

            Edit(key);

            // What is pasted is drawn once, when all of it has come.
            if (!System.Console.KeyAvailable)
                Draw(mask);
        }
    }

    private LineEnd? EndOf(ConsoleKeyInfo key)
    {
        bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        return key switch
        {
            { Key: ConsoleKey.Enter } or { KeyChar: '\r' or '\n' } => LineEnd.Entered,
            { Key: ConsoleKey.C } when control => LineEnd.Cancelled,
            { Key: ConsoleKey.D } when control && _buffer.Text.Length == 0 => LineEnd.EndOfInput,
            _ => null,
        };
    }

    private void Edit(ConsoleKeyInfo key)
    {
        if (key.Key == ConsoleKey.Tab)
        {
            if (complete is not null)
                _completion ??= Completion.For(_buffer, complete);
            _completion?.Step(_buffer, forward: !key.Modifiers.HasFlag(ConsoleModifiers.Shift));
            return;
        }

        _completion = null;
        if (key.Modifiers.HasFlag(ConsoleModifiers.Control))
            EditWithControl(key.Key);
        else if (!Move(key.Key) && !char.IsControl(key.KeyChar))
            _buffer.Insert(key.KeyChar);
    }

    private bool Move(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.LeftArrow: _buffer.Left(); return true;
            case ConsoleKey.RightArrow: _buffer.Right(); return true;
            case ConsoleKey.Home: _buffer.Home(); return true;
            case ConsoleKey.End: _buffer.End(); return true;
            case ConsoleKey.Backspace: _buffer.Backspace(); return true;
            case ConsoleKey.Delete: _buffer.Delete(); return true;
            case ConsoleKey.Escape: _buffer.Set(""); return true;
            case ConsoleKey.UpArrow when history is not null: _buffer.Set(history.Previous(_buffer.Text)); return true;
            case ConsoleKey.DownArrow when history is not null: _buffer.Set(history.Next(_buffer.Text)); return true;
            default: return false;
        }
    }

    private void EditWithControl(ConsoleKey key)
    {
        switch (key)
        {
            case ConsoleKey.A: _buffer.Home(); break;
            case ConsoleKey.E: _buffer.End(); break;
            case ConsoleKey.LeftArrow: _buffer.WordLeft(); break;
            case ConsoleKey.RightArrow: _buffer.WordRight(); break;
            case ConsoleKey.D: _buffer.Delete(); break;
            case ConsoleKey.W or ConsoleKey.Backspace: _buffer.EraseWord(); break;
            case ConsoleKey.U: _buffer.EraseToStart(); break;
            case ConsoleKey.K: _buffer.EraseToEnd(); break;
        }
    }

    /// <summary>Draws the line from its origin anew; the terminal wraps it where it is long.</summary>
    private void Draw(char? mask)
    {
        int width = screen.Terminal.Width;
        string text = mask is { } character ? new string(character, _buffer.Text.Length) : _buffer.Text;
        int end = _origin + CellWidth.Of(text);
        int cursor = _origin + CellWidth.Of(text.AsSpan(0, _buffer.Cursor));

        // A terminal moves to the next row only with the first character there.
        string wrap = end % width == 0 ? "\n" : "";
        string start = To(_cursorRow, _origin, targetRow: 0);
        string back = To(end / width, cursor % width, cursor / width);
        System.Console.Out.Write($"{start}\e[J{text}{wrap}{back}");
        _cursorRow = cursor / width;
    }

    private static string To(int row, int column, int targetRow)
    {
        string up = row > targetRow ? string.Create(CultureInfo.InvariantCulture, $"\e[{row - targetRow}A") : "";
        string right = column > 0 ? string.Create(CultureInfo.InvariantCulture, $"\e[{column}C") : "";
        return up + "\r" + right;
    }
}
