namespace FaceGen.Console.Tests;

public sealed class ScriptTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Names_bind_to_parameters_and_the_rest_is_plain_text()
    {
        Ended ended = RunScript(
            """
            param(
                [string] $Name, [int] $Count, [switch] $Loud, [switch] $Quiet,
                [Parameter(ValueFromRemainingArguments)] $Rest)
            "$Name|$Count|$Loud|$Quiet|$($Rest -join ',')"
            """,
            "-Name", "it's $PWD; a", "-Count:-5", "-Loud", "-Quiet:$false", "two words", "-7", "--", "a;b");

        Assert.Equal("it's $PWD; a|-5|True|False|two words,-7,--,a;b", ended.Output.Trim());
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
    }

    [Fact]
    public void A_script_without_parameters_has_args()
    {
        Ended ended = RunScript("$args.Count; $args", "one", "two three");

        Assert.Equal(["2", "one", "two three"], ended.OutputLines);
    }

    [Fact]
    public void A_script_knows_its_folder_and_keeps_the_current_one()
    {
        Ended ended = RunScript("$PSScriptRoot; $PWD.Path");

        Assert.Equal([_folder.FullName, Environment.CurrentDirectory], ended.OutputLines);
    }

    [Fact]
    public void A_script_s_name_is_taken_literally()
    {
        string path = _folder.Write("it's [a] $name.ps1", "'ran'");

        Ended ended = RedirectedConsole.Run("-File", path);

        Assert.Equal((0, "ran"), (ended.ExitCode, ended.Output.Trim()));
    }

    [Theory]
    [InlineData("exit 3", 3)]
    [InlineData("'done'; exit 0", 0)]
    [InlineData("[int]::Parse('x'); 'went on'", 0)]
    [InlineData("Get-Command nope -ErrorAction Stop", 1)]
    [InlineData("if (", 1)]
    [InlineData("param([Parameter(Mandatory)] $Missing)", 1)]
    public void The_exit_code_tells_how_a_script_ended(string script, int exitCode)
    {
        Ended ended = RunScript(script);

        Assert.Equal(exitCode, ended.ExitCode);
    }

    [Fact]
    public void Objects_go_to_the_output_and_messages_to_the_error_stream()
    {
        Ended ended = RunScript(
            """
            function Talk {
                [CmdletBinding()] param()
                $PSCmdlet.WriteWarning('careful')
                $PSCmdlet.WriteVerbose('in detail')
                $PSCmdlet.WriteProgress([System.Management.Automation.ProgressRecord]::new(1, 'Working', 'hard'))
                [pscustomobject] @{ Answer = 42 }
            }
            Talk -Verbose
            """);

        Assert.Equal(["Answer", "------", "42"], ended.OutputLines);
        Assert.Equal(["WARNING: careful", "VERBOSE: in detail"], ended.ErrorLines);
    }

    [Fact]
    public void An_error_names_the_cmdlet_and_the_place_without_a_dump_or_colours()
    {
        Ended ended = RunScript("\nGet-Command nope\nthrow 'boom'");

        Assert.Contains($"Get-Command: {_folder.FullName}", ended.Error, StringComparison.Ordinal);
        Assert.Contains("| The term 'nope' is not recognized", ended.Error, StringComparison.Ordinal);
        Assert.Contains("| boom", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("FullyQualifiedErrorId", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', ended.Error);
        Assert.Equal("", ended.Output.Trim());
    }

    private Ended RunScript(string text, params string[] arguments) =>
        RedirectedConsole.Run([_folder.Write("script.ps1", text), .. arguments]);
}
