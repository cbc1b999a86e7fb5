using FaceGen.Console.Output;

namespace FaceGen.Console.Tests.Output;

public sealed class CellWidthTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("abc", 3)]
    [InlineData("日本", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("😀", 2)]
    public void A_text_takes_the_columns_of_its_characters(string text, int columns) =>
        Assert.Equal(columns, CellWidth.Of(text));

    [Theory]
    [InlineData("short", 5, "short")]
    [InlineData("longer", 5, "long…")]
    [InlineData("日本語", 4, "日…")]
    [InlineData("日本語", 5, "日本…")]
    public void A_text_is_clipped_to_whole_characters(string text, int columns, string clipped) =>
        Assert.Equal(clipped, CellWidth.Clip(text, columns));
}
