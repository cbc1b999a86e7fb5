using System.Management.Automation;
using System.Management.Automation.Host;
using FaceGen.Console.Output;

namespace FaceGen.Console.Hosting;

/// <summary>The terminal's size, colours and keys. It has no readable cells, as no Unix terminal has.</summary>
internal sealed class ConsoleRawUserInterface(Screen screen, bool interactive) : PSHostRawUserInterface
{
    public override ConsoleColor ForegroundColor
    {
        get => System.Console.ForegroundColor;
        set => System.Console.ForegroundColor = value;
    }

    public override ConsoleColor BackgroundColor
    {
        get => System.Console.BackgroundColor;
        set => System.Console.BackgroundColor = value;
    }

    public override Size WindowSize
    {
        get => new(screen.Terminal.Width, screen.Terminal.Height);
        set => throw Unsupported();
    }

    public override Size BufferSize
    {
        get => WindowSize;
        set => throw Unsupported();
    }

    public override Size MaxWindowSize => WindowSize;

    public override Size MaxPhysicalWindowSize => WindowSize;

    public override Coordinates WindowPosition
    {
        get => new(0, 0);
        set => throw Unsupported();
    }

    public override Coordinates CursorPosition
    {
        get
        {
            (int left, int top) = System.Console.GetCursorPosition();
            return new Coordinates(left, top);
        }

        set => System.Console.SetCursorPosition(value.X, value.Y);
    }

    public override int CursorSize
    {
        get => System.Console.CursorSize;
        set => throw Unsupported();
    }

    public override string WindowTitle
    {
        get => OperatingSystem.IsWindows() ? System.Console.Title : "";
        set => System.Console.Title = value;
    }

    public override bool KeyAvailable => interactive && System.Console.KeyAvailable;

    public override void FlushInputBuffer()
    {
        while (KeyAvailable)
            System.Console.ReadKey(intercept: true);
    }

    public override KeyInfo ReadKey(ReadKeyOptions options)
    {
        if (!interactive)
            throw new PSInvalidOperationException("A key is needed, but there is no terminal to read it from.");

        ConsoleKeyInfo key = System.Console.ReadKey(options.HasFlag(ReadKeyOptions.NoEcho));
        return new KeyInfo((int)key.Key, key.KeyChar, ToState(key.Modifiers), keyDown: true);
    }

    public override int LengthInBufferCells(char source) => CellWidth.Of(source.ToString());

    public override int LengthInBufferCells(string source) => CellWidth.Of(source);

    public override int LengthInBufferCells(string source, int offset) => CellWidth.Of(source.AsSpan(offset));

    /// <summary>Clears the screen, which is what <c>Clear-Host</c> uses this for.</summary>
    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => System.Console.Clear();

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw Unsupported();

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw Unsupported();

    public override void ScrollBufferContents(
        Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) => throw Unsupported();

    private static ControlKeyStates ToState(ConsoleModifiers modifiers) =>
        (modifiers.HasFlag(ConsoleModifiers.Control) ? ControlKeyStates.LeftCtrlPressed : 0)
        | (modifiers.HasFlag(ConsoleModifiers.Alt) ? ControlKeyStates.LeftAltPressed : 0)
        | (modifiers.HasFlag(ConsoleModifiers.Shift) ? ControlKeyStates.ShiftPressed : 0);

    private static PSNotSupportedException Unsupported() =>
        new("This console leaves the terminal's window and cells to the terminal.");
}
