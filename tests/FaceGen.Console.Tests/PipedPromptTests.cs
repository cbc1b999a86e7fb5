namespace FaceGen.Console.Tests;

public sealed class PipedPromptTests
{
    [Fact]
    public async Task Commands_run_line_by_line_and_share_the_session()
    {
        Ended ended = await ConsoleProcess.RunWithInputAsync("$a = 20\n$a + 1\n\nexit 4\n'never'\n");

        Assert.Equal((4, "21"), (ended.ExitCode, ended.Output.Trim()));
    }

    [Fact]
    public async Task A_command_may_take_several_lines()
    {
        Ended ended = await ConsoleProcess.RunWithInputAsync("foreach ($i in 1..2) {\n\n  $i * 10\n}\n");

        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.Equal(["10", "20"], ended.OutputLines);
    }

    [Fact]
    public async Task Input_that_ends_in_the_middle_of_a_command_is_an_error()
    {
        Ended ended = await ConsoleProcess.RunWithInputAsync("'before'\nif ($true) {\n'inside'\n");

        Assert.Equal((1, "before"), (ended.ExitCode, ended.Output.Trim()));
        Assert.StartsWith("ParserError: line 1, column 12: Missing closing '}'", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_command_decides_on_the_exit_code()
    {
        Assert.Equal(1, (await ConsoleProcess.RunWithInputAsync("'fine'\nGet-Command nope\n")).ExitCode);
        Assert.Equal(0, (await ConsoleProcess.RunWithInputAsync("throw 'boom'\n'fine'\n")).ExitCode);
    }
}
