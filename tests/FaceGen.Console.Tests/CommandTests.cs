namespace FaceGen.Console.Tests;

public sealed class CommandTests
{
    [Fact]
    public void All_words_after_the_option_are_the_command()
    {
        Ended ended = RedirectedConsole.Run("-Command", "1..3", "|", "ForEach-Object", "{ $_ * 2 }");

        Assert.Equal(["2", "4", "6"], ended.OutputLines);
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("Get-Command nope", 1)]
    [InlineData("Get-Command nope; 'fine'", 0)]
    [InlineData("throw 'boom'", 1)]
    public void The_exit_code_tells_whether_the_last_statement_succeeded(string command, int exitCode)
    {
        Ended ended = RedirectedConsole.Run("-Command", command);

        Assert.Equal(exitCode, ended.ExitCode);
    }

    [Fact]
    public void Tables_and_errors_have_no_colours_when_redirected()
    {
        Ended ended = RedirectedConsole.Run(
            "-Command", "[pscustomobject] @{ A = 1 }; $Host.UI.Write('Red', 'Black', 'red'); Get-Command nope");

        Assert.DoesNotContain('\e', ended.Output + ended.Error);
        Assert.Contains("red", ended.Output, StringComparison.Ordinal);
        Assert.StartsWith("Get-Command: The term 'nope'", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_parse_is_told_with_its_place()
    {
        Ended ended = RedirectedConsole.Run("-Command", "if (");

        Assert.Equal(1, ended.ExitCode);
        Assert.StartsWith("ParserError: line 1, column 5: ", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_question_is_an_error_where_nobody_can_answer()
    {
        Ended ended = RedirectedConsole.Run(
            "-Command",
            """
            function Confirm { [CmdletBinding(SupportsShouldProcess)] param() $PSCmdlet.ShouldProcess('x') }
            function Demand { [CmdletBinding()] param([Parameter(Mandatory)] $Name) }
            $Host.UI.ReadLine()
            $Host.UI.ReadLineAsSecureString()
            $Host.UI.PromptForCredential('c', 'm', 'u', 't')
            $Host.UI.RawUI.ReadKey()
            Confirm -Confirm
            Demand
            """);

        Assert.Equal("", ended.Output.Trim());
        Assert.Equal(4, ended.Error.Split("it is not interactive").Length - 1);
        Assert.Contains("no terminal to read it from", ended.Error, StringComparison.Ordinal);
        Assert.Contains("missing mandatory parameters: Name", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_tells_the_usage()
    {
        Ended ended = RedirectedConsole.Run("--help");

        Assert.Equal(0, ended.ExitCode);
        Assert.Contains("Usage:", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_that_does_not_exist_is_told_by_its_name()
    {
        Ended ended = RedirectedConsole.Run("missing.ps1");

        Assert.Equal((64, "The script 'missing.ps1' does not exist."), (ended.ExitCode, ended.Error.Trim()));
    }

    [Fact]
    public void A_module_that_does_not_exist_is_told_by_its_name()
    {
        Ended ended = RedirectedConsole.RunWithModule("missing.psd1", "-Command", "1");

        Assert.Equal((70, "The module 'missing.psd1' does not exist."), (ended.ExitCode, ended.Error.Trim()));
    }

    [Fact]
    public void A_named_module_is_imported_before_the_command()
    {
        using var folder = new TemporaryFolder();
        string module = folder.Write("Greeter.psm1", "function Get-Greeting { 'hello' }");

        Ended ended = RedirectedConsole.RunWithModule(module, "-Command", "Get-Greeting");

        Assert.Equal((0, "hello"), (ended.ExitCode, ended.Output.Trim()));
    }

    [Fact]
    public void A_module_that_cannot_be_imported_ends_the_run()
    {
        using var folder = new TemporaryFolder();
        string module = folder.Write("Broken.psm1", "throw 'no luck'");

        Ended ended = RedirectedConsole.RunWithModule(module, "-Command", "'ran'");

        Assert.Equal((70, ""), (ended.ExitCode, ended.Output.Trim()));
        Assert.Contains("no luck", ended.Error, StringComparison.Ordinal);
    }
}
