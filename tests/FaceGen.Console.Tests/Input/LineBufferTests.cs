using FaceGen.Console.Input;

namespace FaceGen.Console.Tests.Input;

public sealed class LineBufferTests
{
    private readonly LineBuffer _buffer = new();

    [Fact]
    public void Characters_go_in_at_the_cursor()
    {
        _buffer.Set("ac");
        _buffer.Left();
        _buffer.Insert('b');

        Assert.Equal(("abc", 2), (_buffer.Text, _buffer.Cursor));
    }

    [Fact]
    public void The_cursor_stops_at_both_ends()
    {
        _buffer.Set("a");
        _buffer.Right();
        _buffer.Delete();
        Assert.Equal(("a", 1), (_buffer.Text, _buffer.Cursor));

        _buffer.Home();
        _buffer.Left();
        _buffer.Backspace();
        Assert.Equal(("a", 0), (_buffer.Text, _buffer.Cursor));
    }

    [Fact]
    public void A_character_of_two_code_units_is_one_step()
    {
        _buffer.Set("a😀");
        _buffer.Left();
        Assert.Equal(1, _buffer.Cursor);

        _buffer.Right();
        _buffer.Backspace();
        Assert.Equal("a", _buffer.Text);
    }

    [Fact]
    public void Words_are_walked_and_erased_whole()
    {
        _buffer.Set("one two  three");
        _buffer.WordLeft();
        Assert.Equal(9, _buffer.Cursor);

        _buffer.EraseWord();
        Assert.Equal("one three", _buffer.Text);

        _buffer.Home();
        _buffer.WordRight();
        _buffer.EraseToEnd();
        Assert.Equal("one", _buffer.Text);

        _buffer.EraseToStart();
        Assert.Equal(("", 0), (_buffer.Text, _buffer.Cursor));
    }
}
