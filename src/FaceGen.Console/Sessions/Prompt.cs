using System.Management.Automation.Language;
using System.Text;
using FaceGen.Console.Input;
using FaceGen.Console.Output;

namespace FaceGen.Console.Sessions;

/// <summary>
/// Reads commands, from a person or from piped input, and runs each until <c>exit</c> or the input's end.
/// </summary>
internal sealed class Prompt(Session session, Screen screen, TextReader input, bool interactive, StopSignals signals)
{
    private const string Greeting = """
        FaceGen's console around PowerShell's engine.
        'Get-Command -Module FaceGen' lists the cmdlets, 'exit' leaves.

        """;

    private const string Continuation = ">> ";

    private readonly LineEditor _editor = new(screen, new LineHistory(), session.Complete);

    /// <summary>Runs until the end and returns the exit code.</summary>
    internal int Run()
    {
        if (interactive)
            screen.Write(Greeting);

        bool succeeded = true;
        while (session.ExitCode is null && signals.ExitCode is null && ReadCommand() is { } command)
        {
            if (command.Length == 0)
                continue;

            succeeded = session.Run(command);

            // The terminal, set to read keys, does not echo it.
            if (session.Stopped && interactive)
                screen.Write("^C\n");
        }

        return signals.ExitCode
            ?? session.ExitCode
            ?? (interactive || succeeded ? ExitCode.Success : ExitCode.Failure);
    }

    /// <summary>
    /// One whole command, over as many lines as it takes; empty if given up, null at the input's end.
    /// </summary>
    private string? ReadCommand()
    {
        var command = new StringBuilder();
        while (true)
        {
            TypedLine line = ReadLine(command.Length == 0 ? null : Continuation);
            switch (line.End)
            {
                case LineEnd.Cancelled:
                    return "";
                case LineEnd.EndOfInput:
                    // What is incomplete now stays so; running it tells what is missing.
                    return command.Length == 0 ? null : command.ToString();
            }

            command.Append(line.Text);
            if (!IsIncomplete(command.ToString()))
                return command.ToString().Trim();
            command.Append('\n');
        }
    }

    private TypedLine ReadLine(string? prompt)
    {
        if (!interactive)
        {
            return input.ReadLine() is { } text
                ? new TypedLine(text, LineEnd.Entered)
                : new TypedLine("", LineEnd.EndOfInput);
        }

        screen.Write(prompt ?? session.PromptText());
        return _editor.Read();
    }

    private static bool IsIncomplete(string text)
    {
        Parser.ParseInput(text, out _, out ParseError[] errors);
        return errors.Any(error => error.IncompleteInput);
    }
}
