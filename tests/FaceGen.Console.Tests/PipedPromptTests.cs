namespace FaceGen.Console.Tests;

public sealed class PipedPromptTests
{
    [Fact]
    public void Commands_run_line_by_line_and_share_the_session()
    {
        Ended ended = RedirectedConsole.RunWithInput("$a = 20\n$a + 1\n\nexit 4\n'never'\n");

        Assert.Equal((4, "21"), (ended.ExitCode, ended.Output.Trim()));
    }

    [Fact]
    public void A_command_may_take_several_lines()
    {
        Ended ended = RedirectedConsole.RunWithInput("foreach ($i in 1..2) {\n\n  $i * 10\n}\n");

        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.Equal(["10", "20"], ended.OutputLines);
    }

    [Fact]
    public void Input_that_ends_in_the_middle_of_a_command_is_an_error()
    {
        Ended ended = RedirectedConsole.RunWithInput("'before'\nif ($true) {\n'inside'\n");

        Assert.Equal((1, "before"), (ended.ExitCode, ended.Output.Trim()));
        Assert.StartsWith("ParserError: line 1, column 12: Missing closing '}'", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_command_decides_on_the_exit_code()
    {
        Assert.Equal(1, RedirectedConsole.RunWithInput("'fine'\nGet-Command nope\n").ExitCode);
        Assert.Equal(0, RedirectedConsole.RunWithInput("throw 'boom'\n'fine'\n").ExitCode);
    }

    [Fact]
    public async Task A_process_of_its_own_reads_its_input_and_ends_with_the_code()
    {
        using ConsoleProcess console = ConsoleProcess.Start("-NoModule");

        await console.WriteAsync("'here'\nGet-Command nope\nexit 5\n");
        Ended ended = await console.EndAsync();

        Assert.Equal((5, "here"), (ended.ExitCode, ended.Output.Trim()));
        Assert.StartsWith("Get-Command: The term 'nope'", ended.Error, StringComparison.Ordinal);
    }
}
