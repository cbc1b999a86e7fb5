using FaceGen.Console.Hosting;
using FaceGen.Console.Output;
using FaceGen.Console.Sessions;

namespace FaceGen.Console;

/// <summary>The program: command line, session, work, exit code.</summary>
internal static class Program
{
    private static int Main(string[] arguments) =>
        Run(arguments, System.Console.In, System.Console.Out, System.Console.Error, TerminalCapabilities.OfThisProcess());

    /// <summary>Does what the command line asks for; the exit code.</summary>
    internal static int Run(
        string[] arguments, TextReader input, TextWriter output, TextWriter error, TerminalCapabilities terminal)
    {
        try
        {
            CommandLine line = CommandLine.Parse(arguments);
            if (!line.Help)
                return Run(line, input, new Screen(output, error, terminal, TimeProvider.System), terminal);

            output.WriteLine(HelpText.Text);
            return ExitCode.Success;
        }
        catch (CommandLineException e)
        {
            error.WriteLine(e.Message);
            return ExitCode.BadCommandLine;
        }
    }

    private static int Run(CommandLine line, TextReader input, Screen screen, TerminalCapabilities terminal)
    {
        string? work = line.Script is { } script
            ? ScriptCall.ToText(ExistingScript(script), line.ScriptArguments)
            : line.Command;

        bool interactive = terminal.CanAsk && !line.NonInteractive;
        var userInterface = new ConsoleUserInterface(screen, interactive);
        using var session = new Session(userInterface);
        using var signals = new StopSignals(session, staysAtPrompt: interactive && work is null);

        if (!line.NoModule && !ImportModule(session, screen, line.Module))
            return signals.ExitCode ?? ExitCode.NoModule;

        if (work is null)
            return new Prompt(session, screen, input, interactive, signals).Run();

        bool succeeded = session.Run(work);
        return signals.ExitCode
            ?? session.ExitCode
            ?? (session.Stopped ? ExitCode.Interrupted
                : succeeded || (line.Script is not null && !session.EndedByError) ? ExitCode.Success
                : ExitCode.Failure);
    }

    private static string ExistingScript(string script)
    {
        string path = Path.GetFullPath(script);
        if (!File.Exists(path))
            throw new CommandLineException($"The script '{script}' does not exist.");
        if (!path.EndsWith(".ps1", StringComparison.OrdinalIgnoreCase))
            throw new CommandLineException($"'{script}' is no PowerShell script: its name must end in .ps1.");
        return path;
    }

    private static bool ImportModule(Session session, Screen screen, string? given)
    {
        string? manifest = given is null ? StagedModule.Find(AppContext.BaseDirectory) : Path.GetFullPath(given);
        if (manifest is not null && Path.Exists(manifest))
            return session.Import(manifest);

        screen.WriteError(given is null
            ? "The FaceGen module is not staged: there is no artifacts/FaceGen/FaceGen.psd1 above this program. "
                + "'dotnet build' in the repository's root stages it; -Module <path> names another place.\n"
            : $"The module '{given}' does not exist.\n");
        return false;
    }
}
