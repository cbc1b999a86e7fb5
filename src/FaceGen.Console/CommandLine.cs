namespace FaceGen.Console;

/// <summary>What the person who started the program asked for.</summary>
internal sealed record CommandLine
{
    /// <summary>The script to run, as typed; null without one.</summary>
    internal string? Script { get; private init; }

    /// <summary>All that follows the script's name; it belongs to the script.</summary>
    internal IReadOnlyList<string> ScriptArguments { get; private init; } = [];

    /// <summary>The text behind <c>-Command</c>; null without it.</summary>
    internal string? Command { get; private init; }

    /// <summary>The module's manifest or folder, as typed; null for the staged one.</summary>
    internal string? Module { get; private init; }

    internal bool NoModule { get; private init; }

    internal bool NonInteractive { get; private init; }

    internal bool Help { get; private init; }

    /// <summary>
    /// Reads the arguments. Options come before the script and start with one or two dashes, in any case of letters.
    /// </summary>
    /// <exception cref="CommandLineException">An option is unknown, or lacks its value.</exception>
    internal static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var line = new CommandLine();
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (!argument.StartsWith('-'))
                return line.WithScript(arguments, i);

            switch (argument.TrimStart('-').ToUpperInvariant())
            {
                case "HELP" or "H" or "?":
                    return line with { Help = true };
                case "NOMODULE":
                    line = line with { NoModule = true };
                    break;
                case "NONINTERACTIVE":
                    line = line with { NonInteractive = true };
                    break;
                case "MODULE":
                    line = line with { Module = ValueAt(arguments, ++i, argument) };
                    break;
                case "FILE" or "F":
                    ValueAt(arguments, i + 1, argument);
                    return line.WithScript(arguments, i + 1);
                case "COMMAND" or "C":
                    ValueAt(arguments, i + 1, argument);
                    return line with { Command = string.Join(' ', arguments.Skip(i + 1)) };
                default:
                    throw new CommandLineException(
                        $"The option '{argument}' is unknown. Options come before the script; -Help lists them.");
            }
        }

        return line;
    }

    private CommandLine WithScript(IReadOnlyList<string> arguments, int at) =>
        this with { Script = arguments[at], ScriptArguments = [.. arguments.Skip(at + 1)] };

    private static string ValueAt(IReadOnlyList<string> arguments, int at, string option) =>
        at < arguments.Count && arguments[at].Length > 0
            ? arguments[at]
            : throw new CommandLineException($"The option '{option}' needs a value.");
}
