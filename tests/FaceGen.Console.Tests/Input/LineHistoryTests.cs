using FaceGen.Console.Input;

namespace FaceGen.Console.Tests.Input;

public sealed class LineHistoryTests
{
    private readonly LineHistory _history = new();

    [Fact]
    public void The_way_back_and_forth_keeps_the_unfinished_line()
    {
        _history.Add("one");
        _history.Add("two");

        Assert.Equal("two", _history.Previous("thr"));
        Assert.Equal("one", _history.Previous("two"));
        Assert.Equal("one", _history.Previous("one"));
        Assert.Equal("two", _history.Next("one"));
        Assert.Equal("thr", _history.Next("two"));
        Assert.Equal("thr", _history.Next("thr"));
    }

    [Fact]
    public void Blank_and_repeated_lines_are_not_remembered()
    {
        _history.Add("one");
        _history.Add("one");
        _history.Add(" ");

        Assert.Equal("one", _history.Previous(""));
        Assert.Equal("one", _history.Previous("one"));
    }
}
