using FaceGen.Console.Output;

namespace FaceGen.Console.Tests;

/// <summary>The console in this process, all of its streams redirected: what a process of its own would take a second for.</summary>
internal static class RedirectedConsole
{
    private static readonly TerminalCapabilities NoTerminal =
        new(OutputIsTerminal: false, ErrorIsTerminal: false, InputIsTerminal: false, AllowsColour: true);

    /// <summary>Runs the console to its end, without the module; who asks for input fails.</summary>
    internal static Ended Run(params string[] arguments) => Run(new NoInput(), ["-NoModule", .. arguments]);

    /// <summary>Runs the console to its end, without the module, with text piped into it.</summary>
    internal static Ended RunWithInput(string input, params string[] arguments) =>
        Run(new StringReader(input), ["-NoModule", .. arguments]);

    /// <summary>Runs the console to its end with a module.</summary>
    internal static Ended RunWithModule(string module, params string[] arguments) =>
        Run(new NoInput(), ["-Module", module, .. arguments]);

    private static Ended Run(TextReader input, string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int exitCode = Program.Run(arguments, input, output, error, NoTerminal);
        return new Ended(exitCode, output.ToString(), error.ToString());
    }

    private sealed class NoInput : TextReader
    {
        public override int Peek() => throw new InvalidOperationException("Nobody is there to ask.");

        public override int Read() => throw new InvalidOperationException("Nobody is there to ask.");
    }
}
