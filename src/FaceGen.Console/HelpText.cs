namespace FaceGen.Console;

/// <summary>What <c>-Help</c> prints.</summary>
internal static class HelpText
{
    internal const string Text = """
        Runs PowerShell with the FaceGen module on a machine that has no pwsh.

        Usage:
          FaceGen.Console [options] script.ps1 [arguments...]   run a script
          FaceGen.Console [options] -Command <text...>          run a command
          FaceGen.Console [options]                             a prompt to type at ('exit' leaves)

        Options:
          -Module <path>    the module's manifest or folder, instead of artifacts/FaceGen
                            above this program
          -NoModule         import no module
          -NonInteractive   never ask; a question becomes an error
          -File <path>      the same as naming the script
          -Help             this text

        Arguments after the script are the script's: '-Name value' and '-Name:value' bind to its parameters,
        '-Switch:$false' is a boolean, all else is text. Relative paths start at the current directory.

        Only PowerShell's core cmdlets exist here (Get-Command, ForEach-Object, Where-Object, Import-Module, ...),
        not those of its utility and management modules (Import-Csv, Get-ChildItem, Write-Host, ...).

        Objects go to the standard output. Errors, warnings, verbose and debug messages go to the standard error.
        Colours and progress are for terminals; NO_COLOR turns colours off.

        Exit codes:
          0     success: the script ended, whatever errors it went past; or the last command succeeded
          1     a terminating error; or with -Command and with piped commands, the last command failed
          n     'exit n' was called
          64    the command line makes no sense, or the script does not exist
          70    the module is missing or cannot be imported
          130   Ctrl+C stopped the script or command
          143   SIGTERM stopped it
        """;
}
