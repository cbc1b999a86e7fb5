using System.Diagnostics;
using FaceGen.PowerShell.Tests.Hosting;

namespace FaceGen.PowerShell.Tests;

/// <summary>The command of the README, <c>dotnet run --project src/FaceGen.Console</c>; <see cref="Reliability.SignalTests"/> has its signals.</summary>
public sealed class ConsoleTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("facegen-console-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Script_gets_arguments_input_and_module_and_returns_its_exit_code()
    {
        string script = Path.Combine(_folder, "it's [a] $name.ps1");
        await File.WriteAllTextAsync(script,
            """
            param([string] $Name, [int] $Count, [switch] $Loud, [switch] $Quiet, [string[]] $Rest)
            "$Name|$Count|$Loud|$Quiet|$Rest"
            [Console]::In.ReadLine()
            "$PWD"
            (Get-Command New-FaceGenImage).Source
            [Console]::Error.WriteLine('an error')
            exit 5
            """);

        (int exitCode, string output, string error) = await RunAsync("typed\n",
            script, "-Name", "it's \"quoted\" $HOME; `a", "-Count:-5", "-Loud", "-Quiet:$false", "two words");

        Assert.Equal(["it's \"quoted\" $HOME; `a|-5|True|False|two words", "typed", _folder, "FaceGen"], Lines(output));
        Assert.Equal((5, "an error"), (exitCode, error.Trim()));
    }

    [Fact]
    public async Task Script_that_does_not_exist_is_named()
    {
        (int exitCode, _, string error) = await RunAsync("", "missing.ps1");

        Assert.Equal(64, exitCode);
        Assert.Contains("'missing.ps1' is not recognized as the name of a script file", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_script_it_reads_commands_and_returns_the_code_of_exit()
    {
        (int exitCode, string output, string error) = await RunAsync("(Get-Module FaceGen).Name\nexit 4\n");

        Assert.Equal((4, ""), (exitCode, error));
        Assert.Contains("FaceGen", Lines(output));
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string input, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Pwsh.Dotnet, [.. Pwsh.Run, .. arguments])
        {
            WorkingDirectory = _folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["NO_COLOR"] = "1", ["TERM"] = "dumb" },
        })!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(Timeout);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
