namespace FaceGen.Console.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public void Everything_after_the_script_is_the_script_s()
    {
        CommandLine line = CommandLine.Parse(["-nomodule", "--Module", "m.psd1", "run.ps1", "-Help", "-Command"]);

        Assert.Equal(("run.ps1", "m.psd1", true, false), (line.Script, line.Module, line.NoModule, line.Help));
        Assert.Equal(["-Help", "-Command"], line.ScriptArguments);
        Assert.Null(line.Command);
    }

    [Fact]
    public void No_arguments_ask_for_a_prompt()
    {
        CommandLine line = CommandLine.Parse([]);

        Assert.Equal((null, null, false), (line.Script, line.Command, line.Help));
    }

    [Theory]
    [InlineData("-Bogus")]
    [InlineData("-Module")]
    [InlineData("-Command")]
    [InlineData("-File")]
    public void An_option_that_cannot_be_followed_is_named(string option)
    {
        var error = Assert.Throws<CommandLineException>(() => CommandLine.Parse([option]));

        Assert.Contains($"'{option}'", error.Message, StringComparison.Ordinal);
    }
}
