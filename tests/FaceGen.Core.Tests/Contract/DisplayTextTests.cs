using FaceGen.Contract;
using FaceGen.Core.Tests.Support;
using FsCheck.Xunit;

namespace FaceGen.Core.Tests.Contract;

public sealed class DisplayTextTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("", "")]
    [InlineData("  plain text  ", "plain text")]
    [InlineData("one\r\n\ttwo\u2028three\u00a0four", "one two three four")]
    [InlineData("\u001b[31mred\u001b[0m", "[31mred[0m")]
    [InlineData("\u001b]0;title\u0007rest", "]0;titlerest")]
    [InlineData("\u009b31mC1\u009d\u0085x", "31mC1 x")]
    [InlineData("a\0b\u0008\u007f", "ab")]
    [InlineData("abc\u202egnp.exe\u202c\u2066x\u2069\u200e\u200f\u061c", "abcgnp.exex")]
    [InlineData("Grüße, 世界 😀", "Grüße, 世界 😀")]
    public void Clean_control_characters_are_removed(string? text, string expected) =>
        Assert.Equal(expected, DisplayText.Clean(text));

    [Theory]
    [InlineData("12345", 5, "12345")]
    [InlineData("123456", 5, "12345…")]
    [InlineData("1234😀6", 5, "1234…")]
    public void Clean_long_text_is_cut_between_characters(string text, int longest, string expected) =>
        Assert.Equal(expected, DisplayText.Clean(text, longest));

    [Theory]
    [InlineData("line\r\nline\tend\n", "line\r\nline\tend\n")]
    [InlineData("shown\rhidden\r", "shown\nhidden\n")]
    [InlineData("\u001b[2Ja\u009bb\u202ec\u2066d", "[2Jabcd")]
    public void CleanLines_keeps_lines_and_removes_controls(string text, string expected) =>
        Assert.Equal(expected, DisplayText.CleanLines(text));

    [Property]
    public bool Clean_any_text_is_one_short_line(string? text)
    {
        string clean = DisplayText.Clean(text, 20);
        return clean.Length <= 21 && !clean.Any(char.IsControl);
    }

    [Theory]
    [InlineData("en-US")]
    [InlineData("de-DE")]
    [InlineData("fa-IR")]
    public void FormatSeconds_any_culture_has_same_text(string culture)
    {
        using var scope = new CultureScope(culture);

        Assert.Equal("1.5 s", DisplayText.FormatSeconds(TimeSpan.FromSeconds(1.5)));
    }

    [Theory]
    [InlineData("/out/a.png", "a.png")]
    [InlineData(@"C:\out\a.png", "a.png")]
    [InlineData("a|b.png", "a|b.png")]
    [InlineData("/out/", "")]
    public void GetFileName_path_of_any_system_returns_last_part(string path, string name) => Assert.Equal(name, DisplayText.GetFileName(path));
}
